import type { ScriptedReply } from './scripted-reply.ts'

/** The scripts of all conversations that share one scripted model. */
export interface ScriptBook {
  /** Sets the replies to the requests with this key, from the first. */
  set(key: string, replies: readonly ScriptedReply[]): void
  /** The next reply. A script that is used up answers 400, which no caller tries again. */
  next(key: string): ScriptedReply
}

/** Creates a book without scripts. */
export function createScriptBook(): ScriptBook {
  const scripts = new Map<string, ScriptedReply[]>()
  return {
    set(key, replies) {
      scripts.set(key, [...replies])
    },
    next(key) {
      const replies = scripts.get(key) ?? []
      const reply = replies[0]?.repeat ? replies[0] : replies.shift()
      return (
        reply ?? {
          status: 400,
          body: JSON.stringify({ error: { message: `Script ${key} has no more replies.` } }),
        }
      )
    },
  }
}
