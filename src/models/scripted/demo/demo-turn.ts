import type { ChatMessage, ChatRequest } from '../chat-request.ts'

/** What a tool answered: its output, or why there is none. */
export type DemoResult = { ok: true; value: unknown } | { ok: false; code: string; message: string }

export type DemoCall = { name: string; input: unknown; result: DemoResult }

/** All that the demo model knows: what the user has said since its last answer, and what tools have answered. */
export type DemoTurn = {
  /** Of several messages, when some joined while tools ran: one below the other. */
  text: string
  /** Names of the tools it may call. */
  offered: ReadonlySet<string>
  calls: DemoCall[]
  /** How many messages there are; makes ids of calls unique in a conversation. */
  messageCount: number
  /** Pause after each word. */
  paceMs: number
}

/** Reads the state of the turn from the messages alone, so that any copy of the server can answer. */
export function readDemoTurn(request: ChatRequest, paceMs: number): DemoTurn {
  const since = request.messages.slice(findStart(request.messages))
  const results = new Map(
    since.flatMap(({ tool_call_id: id, content }) => (id ? [[id, content] as const] : [])),
  )
  const calls = since.flatMap(({ tool_calls: asked }) => asked ?? [])
  return {
    text: since.flatMap(({ role, content }) => (role === 'user' ? [content] : [])).join('\n'),
    offered: new Set((request.tools ?? []).map((tool) => tool.function.name)),
    calls: calls.map(({ id, function: { name, arguments: input } }) => ({
      name,
      input: parseJson(input),
      result: readResult(results.get(id)),
    })),
    messageCount: request.messages.length,
    paceMs,
  }
}

/** Index of the first message of the turn. One that follows tool results joined a turn that was running. */
function findStart(messages: readonly ChatMessage[]): number {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  const before = messages[last - 1]
  if (before?.role !== 'tool' || wasStopped(messages.slice(0, last))) return Math.max(last, 0)
  return findStart(messages.slice(0, last))
}

/** Whether the last tools were stopped: what follows is a new request then. */
function wasStopped(messages: readonly ChatMessage[]): boolean {
  const others = messages.findLastIndex(({ role }) => role !== 'tool')
  return messages.slice(others + 1).some(({ content }) => {
    const result = readResult(content)
    return !result.ok && result.code === 'stopped'
  })
}

function readResult(text: string | undefined): DemoResult {
  if (text === undefined) return { ok: false, code: '', message: 'no result' }
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return { ok: false, code: '', message: text.slice(0, 200) }
  if ('error' in value) return { ok: false, ...toFailure(value.error) }
  return { ok: true, value }
}

function toFailure(error: unknown): { code: string; message: string } {
  if (typeof error !== 'object' || error === null || !('message' in error))
    return { code: '', message: typeof error === 'string' ? error : JSON.stringify(error) }
  return { code: 'code' in error ? String(error.code) : '', message: String(error.message) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
