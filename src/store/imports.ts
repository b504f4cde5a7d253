import type { ConversationId } from '../contracts/ids.ts'
import type { ConversationExport, ExportedMessage } from '../schemas/conversation-export.ts'
import type { Database } from './database.ts'
import { withoutContent } from './forgotten-content.ts'
import { keepFoundFacts } from './found-facts.ts'
import { toImportedSummary } from './imported-summary.ts'
import { type Creation, type CreationAnswer, toCreated } from './made-conversation.ts'
import { refuseTooMuch } from './refuse-too-much.ts'
import { storableJson, storableText } from './storable-text.ts'

/**
 * Makes a conversation of an exported one that was checked by its schema; it shares no id with any other.
 * @throws AppError `conflict`, `too_many_conversations`, `payload_too_large`
 */
export async function importConversation(
  database: Database,
  creation: Creation,
  file: ConversationExport,
): Promise<{ created: boolean; id: ConversationId }> {
  // Nothing that it has brought would ever be forgotten.
  const exported = file.conversation.history.kind === 'none' ? withoutContent(file) : file
  const { conversation, messages, clearedUpTo } = exported
  const { id: from, createdAt: _begun, ...settings } = conversation
  const statement = database.call<CreationAnswer>('import_conversation', [
    creation.id,
    creation.owner,
    creation.idempotency?.key ?? null,
    creation.idempotency?.requestHash ?? null,
    creation.limit ?? null,
    from,
    countTurns(file),
    // A stranger's file must not come into other conversations by itself.
    storableJson({ ...settings, memory: false, title: storableText(settings.title), titledBy: 'owner' }),
    storableJson(messages.map(({ result: _result, ...message }) => message)),
    storableJson(toCalls(messages)),
    storableJson(toCompactions(exported)),
    clearedUpTo ?? null,
  ])
  const answer = await refuseTooMuch(statement, 'This conversation is too long to be imported at once.')
  return toCreated(answer, creation.limit)
}

/** The next turn must not have the number of one that is imported, nor of one that left only a summary. */
function countTurns({ conversation, messages, compactions }: ConversationExport): number {
  const begin = `${conversation.id}.t`
  const ids = [...messages.map(({ turnId = '' }) => turnId), ...compactions.map(({ id }) => id)]
  return ids.reduce((most, id) => {
    return id.startsWith(begin) ? Math.max(most, Number.parseInt(id.slice(begin.length), 10)) : most
  }, 0)
}

function toCompactions(exported: ConversationExport): object[] {
  return keepFoundFacts(exported).map(({ summary, ...compaction }) => ({
    ...compaction,
    ...(summary === undefined ? {} : { summary: toImportedSummary(summary) }),
  }))
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
