import type { ConversationExport, ExportedMessage } from './conversation-export.ts'

export type ExportFault = { path: (string | number)[]; message: string }

/** What the messages of a file have named so far. */
type Seen = { places: Map<string, number>; calls: Set<string> }

/** Lists what does not fit together in an exported conversation whose fields are right one by one. */
export function listExportFaults({
  conversation,
  messages,
  compactions,
  clearedUpTo,
}: Pick<ConversationExport, 'conversation' | 'messages' | 'compactions' | 'clearedUpTo'>): ExportFault[] {
  const seen: Seen = { places: new Map(), calls: new Set() }
  const faults: ExportFault[] = []
  for (const [index, message] of messages.entries()) {
    for (const [field, fault] of listMessageFaults(message, conversation.id, seen, index).slice(
      0,
      faultLimit,
    ))
      faults.push({ path: ['messages', index, field], message: fault })
    // What follows would only be wrong because of what was not read.
    if (faults.length >= faultLimit) return faults.slice(0, faultLimit)
  }
  for (const [index, { supersededBy }] of messages.entries()) {
    if (supersededBy === undefined) continue
    const place = seen.places.get(supersededBy) ?? -1
    if (place <= index || messages[place]?.role !== 'user') {
      const message = `No user's message ${supersededBy} follows.`
      faults.push({ path: ['messages', index, 'supersededBy'], message })
    }
  }
  const compactionIds = new Set<string>()
  for (const [index, { id, uptoMessageId }] of compactions.entries()) {
    if (!seen.places.has(uptoMessageId))
      faults.push({ path: ['compactions', index, 'uptoMessageId'], message: noSuchMessage })
    if (id.startsWith(`${conversation.id}.t`) && !isTurnId(id.replace(/\.r\d{1,9}$/, ''), conversation.id))
      faults.push({ path: ['compactions', index, 'id'], message: noTurn })
    if (compactionIds.has(id)) faults.push({ path: ['compactions', index, 'id'], message: twice })
    compactionIds.add(id)
  }
  if (clearedUpTo !== undefined && !seen.places.has(clearedUpTo))
    faults.push({ path: ['clearedUpTo'], message: noSuchMessage })
  return faults.slice(0, faultLimit)
}

/** Each takes a kilobyte to say. */
const faultLimit = 50
const noTurn = 'This is no turn of the conversation, and no round of one.'
const twice = 'Another one has the same id.'
const noSuchMessage = 'There is no such message.'

function listMessageFaults(
  message: ExportedMessage,
  conversationId: string,
  { places, calls }: Seen,
  index: number,
): [keyof ExportedMessage, string][] {
  const { id, role, turnId, callId, toolCalls = [], parentId } = message
  const faults: [keyof ExportedMessage, string][] = []
  if (places.has(id)) faults.push(['id', twice])
  if (id.startsWith(`${conversationId}.t`) && !isOfTurn(id, turnId)) faults.push(['id', notOfTurn(id)])
  if (turnId !== undefined && !isTurnId(turnId, conversationId))
    faults.push(['turnId', `The turns of this conversation are named ${conversationId}.t1, .t2 and so on.`])
  if (turnId === undefined && (role === 'assistant' || role === 'tool'))
    faults.push(['turnId', 'An answer and a result belong to a turn.'])
  if (parentId !== undefined && !places.has(parentId))
    faults.push(['parentId', 'No such message comes before.'])
  if (role !== 'assistant' && message.toolCalls !== undefined)
    faults.push(['toolCalls', 'Only an assistant calls tools.'])
  for (const call of toolCalls) {
    if (calls.has(call.callId)) faults.push(['toolCalls', `${call.callId} is used twice.`])
    if (!isOfTurn(call.callId, turnId)) faults.push(['toolCalls', notOfTurn(call.callId)])
    calls.add(call.callId)
  }
  if (role === 'tool' && (callId !== id || !calls.has(id)))
    faults.push(['callId', 'A result has the id of the call before it that it belongs to.'])
  if (role !== 'tool' && (callId !== undefined || message.result !== undefined))
    faults.push(['callId', 'Only a result belongs to a call.'])
  places.set(id, index)
  return faults
}

/** What comes later must find its ids free. */
function isOfTurn(id: string, turnId: string | undefined): boolean {
  return turnId !== undefined && id.startsWith(`${turnId}.`)
}

function notOfTurn(id: string): string {
  return `${id} does not begin with the id of the message's turn.`
}

function isTurnId(turnId: string, conversationId: string): boolean {
  const begin = `${conversationId}.t`
  return turnId.startsWith(begin) && /^[1-9]\d{0,8}$/.test(turnId.slice(begin.length))
}
