import type { Connection, WorkflowClient } from '@temporalio/client'

import type { AnsweredRequest, AnswerRef } from '../contracts/human-request.ts'
import { type ConversationId, workflowIdOf } from '../contracts/ids.ts'
import { updateNames } from '../contracts/temporal-names.ts'
import { type AnswerVerdict, toAnswerVerdict } from './answer-verdict.ts'

export type OfferOptions = {
  connection: Connection
  workflows: WorkflowClient
  isReachable(): Promise<boolean>
}

/** An answer for a workflow; after `deadlineMs` (Unix) nobody waits for it. */
export type OfferedAnswer = { conversationId: ConversationId; answer: AnswerRef; deadlineMs: number }

/** Offers an answer as an update, whose id makes a repeat the same one. Says what the workflow made of it. */
export async function offerAnswer(
  { connection, workflows, isReachable }: OfferOptions,
  { conversationId, answer, deadlineMs }: OfferedAnswer,
): Promise<AnswerVerdict> {
  const handle = workflows.getHandle(workflowIdOf(conversationId))
  try {
    await connection.withDeadline(deadlineMs, () =>
      handle.executeUpdate<AnsweredRequest, [AnswerRef]>(updateNames.answerRequest, {
        args: [answer],
        updateId: answer.answerId,
      }),
    )
    return { kind: 'accepted' }
  } catch (error) {
    return toAnswerVerdict(error, isReachable)
  }
}
