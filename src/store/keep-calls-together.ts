import type { HistoryMessage } from './history-backend.ts'

/**
 * Orders the results of each assistant message's tool calls as the model asked for them, directly behind
 * it, and drops what providers refuse: a result without its call, a call without all of its results.
 */
export function keepCallsTogether(messages: readonly HistoryMessage[]): HistoryMessage[] {
  const results = new Map(
    messages.flatMap((message) =>
      message.role === 'tool' && message.callId !== undefined ? [[message.callId, message]] : [],
    ),
  )
  return messages.flatMap((message) => {
    if (message.role === 'tool') return []
    const calls = message.toolCalls ?? []
    const answers = calls.flatMap(({ callId }) => results.get(callId) ?? [])
    if (answers.length === calls.length) return [message, ...answers]
    const { toolCalls: _unanswered, ...rest } = message
    return rest.text === undefined || rest.text === '' ? [] : [rest]
  })
}
