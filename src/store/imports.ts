import type { ConversationId } from '../contracts/ids.ts'
import type { ConversationExport, ExportedMessage } from '../schemas/conversation-export.ts'
import type { Database } from './database.ts'
import { type Creation, type CreationAnswer, toCreated } from './made-conversation.ts'
import { storableJson, storableText } from './storable-text.ts'

/**
 * Makes a conversation of an exported one that was checked by its schema; it shares no id with any other.
 * @throws AppError `conflict`, `too_many_conversations`
 */
export async function importConversation(
  database: Database,
  creation: Creation,
  exported: ConversationExport,
): Promise<{ created: boolean; id: ConversationId }> {
  const { conversation, messages, compactions, clearedUpTo } = exported
  const { id: from, createdAt: _begun, ...settings } = conversation
  const answer = await database.call<CreationAnswer>('import_conversation', [
    creation.id,
    creation.owner,
    creation.idempotency?.key ?? null,
    creation.idempotency?.requestHash ?? null,
    creation.limit ?? null,
    from,
    countTurns(messages, from),
    storableJson({ ...settings, title: storableText(settings.title), titledBy: 'owner' }),
    storableJson(messages.map(({ result: _result, ...message }) => message)),
    storableJson(toCalls(messages)),
    storableJson(compactions),
    clearedUpTo ?? null,
  ])
  return toCreated(answer, creation.limit)
}

/** The next turn must not have the number of one that is imported. */
function countTurns(messages: readonly ExportedMessage[], from: string): number {
  return messages.reduce((most, { turnId }) => {
    return turnId === undefined ? most : Math.max(most, Number(turnId.slice(from.length + 2)))
  }, 0)
}

function toCalls(messages: readonly ExportedMessage[]): object[] {
  const asked = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls.map((call) => [call.callId, call] as const)),
  )
  return messages.flatMap(({ callId, turnId, createdAt, result }) => {
    const call = callId === undefined ? undefined : asked.get(callId)
    return call === undefined || result === undefined ? [] : [{ ...call, turnId, createdAt, ...result }]
  })
}
