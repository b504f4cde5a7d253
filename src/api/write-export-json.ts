import type { ConversationExport } from '../schemas/conversation-export.ts'
import type { Database } from '../store/database.ts'
import { type ExportHead, type ExportRow, readExportedMessages } from '../store/exports.ts'
import { findResult } from '../store/results.ts'

/** Writes an export as JSON, piece by piece: however long the conversation, little of it is held at a time. */
export async function* writeExportJson(database: Database, head: ExportHead): AsyncGenerator<string> {
  const { conversation, compactions, clearedUpTo } = head
  const begin: Pick<ConversationExport, 'format' | 'version' | 'exportedAt' | 'conversation'> = {
    format: 'perdura.conversation',
    version: 1,
    exportedAt: new Date().toISOString(),
    conversation,
  }
  yield `${JSON.stringify(begin).slice(0, -1)},\n"messages":[`
  let separator = '\n'
  for await (const row of readExportedMessages(database, head)) {
    yield separator
    yield* writeMessage(database, conversation.id, row)
    separator = ',\n'
  }
  const end: Pick<ConversationExport, 'compactions' | 'clearedUpTo'> = {
    compactions,
    ...(clearedUpTo === undefined ? {} : { clearedUpTo }),
  }
  yield `],\n${JSON.stringify(end).slice(1)}\n`
}

async function* writeMessage(
  database: Database,
  conversationId: string,
  { message, hasLargeOutput }: ExportRow,
): AsyncGenerator<string> {
  const json = JSON.stringify(message)
  if (!hasLargeOutput || message.callId === undefined) {
    yield json
    return
  }
  const { isPlainText, pieces } = await findResult(database, { conversationId, callId: message.callId })
  // The result is the last field, and its output the last of the result's.
  yield `${json.slice(0, -'}}'.length)},"output":`
  if (isPlainText) yield '"'
  for await (const { text } of pieces()) yield isPlainText ? JSON.stringify(text).slice(1, -1) : text
  yield isPlainText ? '"}}' : '}}'
}
