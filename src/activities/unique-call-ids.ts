import type { ModelToolCall } from '../models/model-provider.ts'

/** Gives each call of a reply an id of its own: some providers repeat theirs, or send none. */
export function withUniqueIds(calls: readonly ModelToolCall[]): ModelToolCall[] {
  const seen = new Set<string>()
  return calls.map((call, index) => {
    const id = call.id === '' || seen.has(call.id) ? `${call.id || 'call'}_${index}` : call.id
    seen.add(id)
    return { ...call, id }
  })
}
