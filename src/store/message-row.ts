import type { Message, MessageRole, MessageState, MessageToolCall } from '../contracts/conversation.ts'

/** A tool call as it is stored: with the id that the provider used on its own wire. */
export type StoredToolCall = MessageToolCall & { providerCallId: string }

/** One row of `messages`. */
export type MessageRow = {
  id: string
  role: MessageRole
  text: string | null
  tool_calls: StoredToolCall[] | null
  call_id: string | null
  state: MessageState
  turn_id: string | null
  parent_id: string | null
  model: string | null
  superseded_by: string | null
  created_at: Date
}

export const messageColumns =
  'id, role, text, tool_calls, call_id, state, turn_id, parent_id, model, superseded_by, created_at'

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    role: row.role,
    ...(row.text === null ? {} : { text: row.text }),
    ...(row.tool_calls === null
      ? {}
      : {
          toolCalls: row.tool_calls.map(({ callId, name, arguments: args }) => ({
            callId,
            name,
            arguments: args,
          })),
        }),
    ...(row.call_id === null ? {} : { callId: row.call_id }),
    state: row.state,
    ...(row.turn_id === null ? {} : { turnId: row.turn_id }),
    createdAt: row.created_at.toISOString(),
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.superseded_by === null ? {} : { supersededBy: row.superseded_by }),
  }
}
