import type { BusyPolicy, Conversation, HistoryStrategy, ModelSettings } from '../contracts/conversation.ts'
import type { ConversationId, OwnerId } from '../contracts/ids.ts'
import type { PermissionPolicy } from '../contracts/permission.ts'
import { conversationColumns, type ConversationRow, toConversation } from './conversation-row.ts'
import type { Database } from './database.ts'
import { type CreationAnswer, toCreated } from './made-conversation.ts'
import { noConversation } from './no-conversation.ts'
import { fromPageCursor, toPageCursor } from './page-cursor.ts'
import { storableText } from './storable-text.ts'

export type NewConversation = {
  id: ConversationId
  owner: OwnerId
  externalId?: string | undefined
  title: string
  model: string
  modelSettings?: ModelSettings | undefined
  fallbackModels?: string[] | undefined
  instructions?: string | undefined
  tools?: string[] | undefined
  chainId?: number | undefined
  busyPolicy: BusyPolicy
  permissions: PermissionPolicy
  history: HistoryStrategy
  memory: boolean
  /** Conversations that the owner may have; undefined: any number. */
  limit: number | undefined
  /** `Idempotency-Key` of the request with a hash of its body. */
  idempotency?: { key: string; requestHash: string } | undefined
}

/** Null goes back to what the deployment has. */
export type ConversationPatch = {
  title?: string | undefined
  model?: string | undefined
  modelSettings?: ModelSettings | undefined
  fallbackModels?: string[] | null | undefined
  instructions?: string | null | undefined
  tools?: string[] | null | undefined
  chainId?: number | undefined
  busyPolicy?: BusyPolicy | undefined
  permissions?: PermissionPolicy | undefined
  history?: HistoryStrategy | undefined
  memory?: boolean | undefined
  archived?: boolean | undefined
}

export type ConversationQuery = { owner: OwnerId; cursor?: string; archived: boolean }

const pageSize = 50

/**
 * Creates a conversation, or finds the one that the same external id or idempotency key has made.
 * @throws AppError `conflict` when the key came with another body before, `too_many_conversations`
 */
export async function createConversation(
  database: Database,
  wanted: NewConversation,
): Promise<{ created: boolean; conversation: Conversation }> {
  const answer = await database.call<CreationAnswer>('create_conversation', [
    wanted.id,
    wanted.owner,
    wanted.externalId ?? null,
    wanted.idempotency?.key ?? null,
    wanted.idempotency?.requestHash ?? null,
    storableText(wanted.title),
    wanted.model,
    JSON.stringify(wanted.modelSettings ?? {}),
    wanted.fallbackModels ?? null,
    wanted.instructions === undefined ? null : storableText(wanted.instructions),
    wanted.tools ?? null,
    wanted.chainId ?? null,
    wanted.busyPolicy,
    wanted.permissions,
    JSON.stringify(wanted.history),
    wanted.memory,
    wanted.limit ?? null,
  ])
  const { created, id } = toCreated(answer, wanted.limit)
  return { created, conversation: await getConversation(database, wanted.owner, id) }
}

/** @throws AppError `not_found`, also for somebody else's conversation */
export async function getConversation(
  database: Database,
  owner: OwnerId,
  id: ConversationId,
): Promise<Conversation> {
  const [row] = await database.rows<ConversationRow>(
    'get_conversation',
    `select ${conversationColumns} from conversations where id = $1 and owner_id = $2`,
    [id, owner],
  )
  return toConversation(required(row, id))
}

/** Lists an owner's conversations, the latest first, a page at a time. */
export async function listConversations(
  database: Database,
  { owner, cursor, archived }: ConversationQuery,
): Promise<{ conversations: Conversation[]; nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : fromPageCursor(cursor)
  const rows = await database.rows<ConversationRow & { place: string }>(
    'list_conversations',
    `select ${conversationColumns}, updated_at::text as place from conversations
       where owner_id = $1 and archived = $2
         and ($3::timestamptz is null or (updated_at, id) < ($3, $4))
       order by updated_at desc, id desc limit ${pageSize + 1}`,
    [owner, archived, after?.place ?? null, after?.id ?? null],
  )
  const page = rows.slice(0, pageSize)
  const last = page.at(-1)
  return {
    conversations: page.map(toConversation),
    nextCursor: rows.length > pageSize && last !== undefined ? toPageCursor(last) : null,
  }
}

/** Changes the given fields; effective with the next turn. @throws AppError `not_found` */
export async function patchConversation(
  database: Database,
  owner: OwnerId,
  id: ConversationId,
  patch: ConversationPatch,
): Promise<Conversation> {
  const [row] = await database.rows<ConversationRow>(
    'patch_conversation',
    `update conversations set title = coalesce($3, title), titled_by = case when $3 is null then titled_by else 'owner' end,
         model = coalesce($4, model), model_settings = coalesce($13::json, model_settings),
         fallback_models = case when 'fallbackModels' = any ($15) then null else coalesce($14, fallback_models) end,
         instructions = case when 'instructions' = any ($15) then null else coalesce($5, instructions) end,
         tools = case when 'tools' = any ($15) then null else coalesce($6, tools) end,
         chain_id = coalesce($7, chain_id), busy_policy = coalesce($8, busy_policy),
         history = coalesce($9::json, history), memory = coalesce($10, memory),
         archived = coalesce($11, archived), permissions = coalesce($12, permissions), updated_at = now()
       where id = $1 and owner_id = $2 returning ${conversationColumns}`,
    [
      id,
      owner,
      patch.title === undefined ? null : storableText(patch.title),
      patch.model ?? null,
      typeof patch.instructions === 'string' ? storableText(patch.instructions) : null,
      patch.tools ?? null,
      patch.chainId ?? null,
      patch.busyPolicy ?? null,
      patch.history === undefined ? null : JSON.stringify(patch.history),
      patch.memory ?? null,
      patch.archived ?? null,
      patch.permissions ?? null,
      patch.modelSettings === undefined ? null : JSON.stringify(patch.modelSettings),
      patch.fallbackModels ?? null,
      Object.entries(patch).flatMap(([name, value]) => (value === null ? [name] : [])),
    ],
  )
  return toConversation(required(row, id))
}

function required(row: ConversationRow | undefined, id: ConversationId): ConversationRow {
  if (row === undefined) throw noConversation(id)
  return row
}
