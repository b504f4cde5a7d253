import type { ModelToolCall } from './model-provider.ts'
import type { ToolCallDelta } from './reply-chunk.ts'

type OpenCall = { id: string; name: string; arguments: string }

export interface ToolCallAssembler {
  /** Takes the next piece and returns what the model has written of it: a name, arguments or both. */
  add(delta: ToolCallDelta): string
  /** The calls in the order they were begun, with ids that are unique within the reply. */
  calls(): ModelToolCall[]
}

/**
 * Puts streamed pieces of tool calls together. Pieces belong together by index; services that leave the
 * index out or give each parallel call index 0 (Gemini) are understood by their ids and names.
 */
export function createToolCallAssembler(): ToolCallAssembler {
  const begun: OpenCall[] = []
  const byIndex = new Map<number, OpenCall>()

  return {
    add(delta) {
      const index = delta.index ?? undefined
      const open = index === undefined ? begun.at(-1) : byIndex.get(index)
      const call = open && !beginsAnother(open, delta) ? open : { id: '', name: '', arguments: '' }
      if (call !== open) begun.push(call)
      if (index !== undefined) byIndex.set(index, call)
      call.id ||= delta.id ?? ''
      // Some services repeat the whole name with each piece, so it is never appended.
      call.name ||= delta.function?.name ?? ''
      const text = argumentsText(delta)
      call.arguments += text
      return `${delta.function?.name ?? ''}${text}`
    },
    calls: () => begun.map((call, index) => toToolCall(call, index, begun)),
  }
}

function beginsAnother(open: OpenCall, delta: ToolCallDelta): boolean {
  if (!delta.function?.name) return false
  const sameId = Boolean(delta.id) && delta.id === open.id
  if (delta.index === undefined || delta.index === null) return !sameId
  if (delta.id && open.id && !sameId) return true
  return argumentsText(delta) !== '' && isCompleteObject(open.arguments)
}

function isCompleteObject(text: string): boolean {
  // The cheap look comes first: a long text that is still growing is not parsed with each piece.
  if (!text.endsWith('}')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function argumentsText(delta: ToolCallDelta): string {
  const value = delta.function?.arguments
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function toToolCall(call: OpenCall, index: number, all: readonly OpenCall[]): ModelToolCall {
  const repeated = call.id === '' || all.findIndex(({ id }) => id === call.id) !== index
  const id = repeated ? `${call.id || 'call'}_${index}` : call.id
  // A call without parameters often comes without arguments.
  return { id, name: call.name, arguments: call.arguments.trim() === '' ? '{}' : call.arguments }
}
