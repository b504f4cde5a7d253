import { readLastTurn } from '../chat-request.ts'
import type { ChatRequest } from '../chat-request.ts'

/** What a tool answered: its output, or why there is none. */
export type DemoResult = { ok: true; value: unknown } | { ok: false; message: string }

export type DemoCall = { name: string; input: unknown; result: DemoResult }

/** All that the demo model knows: the last user message and what its tools have answered since. */
export type DemoTurn = {
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
  const { text, since } = readLastTurn(request)
  const results = new Map(
    since.flatMap(({ tool_call_id: id, content }) => (id ? [[id, content] as const] : [])),
  )
  const calls = since.flatMap(({ tool_calls: asked }) => asked ?? [])
  return {
    text,
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

function readResult(text: string | undefined): DemoResult {
  if (text === undefined) return { ok: false, message: 'no result' }
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return { ok: false, message: text.slice(0, 200) }
  if ('error' in value) return { ok: false, message: toMessage(value.error) }
  return { ok: true, value }
}

function toMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return typeof error === 'string' ? error : JSON.stringify(error)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
