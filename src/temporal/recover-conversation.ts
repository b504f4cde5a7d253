import type { ConversationId, TurnId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'
import { listBackgroundCalls } from '../store/background-calls.ts'
import { findUnanswered, markStalled } from '../store/stalled.ts'
import { endLostTurn } from '../store/turns.ts'
import type { ConversationWorkflows } from './conversation-workflows.ts'

export type RecoverServices = { database: Database; workflows: ConversationWorkflows }

/**
 * Ends the turn that a workflow which is gone has left, starts the background calls that it did not come to start, and
 * tells a new workflow of the messages and notes that wait, in order. `turnId` is the turn that ran before the workflow was found to be gone: a later one is a new workflow's.
 * Whatever was done before is not done again, so one that failed in the middle may be repeated.
 * @throws AppError `temporal_unavailable`
 */
export async function recoverConversation(
  { database, workflows }: RecoverServices,
  conversationId: ConversationId,
  turnId: TurnId | null,
): Promise<void> {
  if (turnId !== null) await endLostTurn(database, conversationId, turnId)
  for (const call of await listBackgroundCalls(database, conversationId)) {
    await workflows.startBackgroundCall(call)
  }
  await markStalled(database, conversationId, false)
  const found = await findUnanswered(database, conversationId)
  if (found === undefined) return
  const { messages, ...facts } = found
  await workflows.signalMessages({ conversationId, ...facts }, messages)
}
