import type {
  BusyPolicy,
  Conversation,
  ConversationState,
  HistoryStrategy,
  ModelSettings,
} from '../contracts/conversation.ts'
import type { PermissionPolicy } from '../contracts/permission.ts'

/** One row of `conversations`. */
export type ConversationRow = {
  id: string
  owner_id: string
  external_id: string | null
  title: string
  state: ConversationState
  model: string
  model_settings: ModelSettings
  fallback_models: string[] | null
  instructions: string | null
  tools: string[] | null
  chain_id: number | null
  busy_policy: BusyPolicy
  permissions: PermissionPolicy
  history: HistoryStrategy
  memory: boolean
  archived: boolean
  stalled: boolean
  forked_from: { conversationId: string; messageId: string } | null
  created_at: Date
  updated_at: Date
  last_seq: number
  turn_id: string | null
  turn_round: number | null
  turn_started_at: Date | null
}

export const conversationColumns =
  'id, owner_id, external_id, title, state, model, model_settings, fallback_models, instructions, tools, chain_id, busy_policy, permissions, ' +
  'history, memory, archived, stalled, forked_from, created_at, updated_at, last_seq, turn_id, turn_round, turn_started_at'

export function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    title: row.title,
    state: row.state,
    model: row.model,
    modelSettings: row.model_settings,
    ...(row.fallback_models === null ? {} : { fallbackModels: row.fallback_models }),
    ...(row.instructions === null ? {} : { instructions: row.instructions }),
    ...(row.tools === null ? {} : { tools: row.tools }),
    ...(row.chain_id === null ? {} : { chainId: row.chain_id }),
    busyPolicy: row.busy_policy,
    permissions: row.permissions,
    history: row.history,
    memory: row.memory,
    archived: row.archived,
    stalled: row.stalled,
    ...(row.forked_from === null ? {} : { forkedFrom: row.forked_from }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    lastSeq: row.last_seq,
  }
}
