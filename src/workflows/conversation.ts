import { continueAsNew, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow'

import type { AnsweredRequest, AnswerRef } from '../contracts/human-request.ts'
import type { MessageId, TurnId } from '../contracts/ids.ts'
import { queryNames, signalNames, updateNames } from '../contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import type { ConversationInput, StatusAnswer, WaitingMessage } from '../contracts/turn.ts'
import { ConversationLoop } from './conversation-loop.ts'
import { createTemporalEngine } from './temporal-engine.ts'

const userMessage = defineSignal<[WaitingMessage]>(signalNames.userMessage)
const withdrawMessage = defineSignal<[{ messageId: MessageId }]>(signalNames.withdrawMessage)
const cancelTurn = defineSignal<[{ turnId?: TurnId }]>(signalNames.cancelTurn)
const compactHistory = defineSignal<[WaitingMessage]>(signalNames.compactHistory)
const answerRequest = defineUpdate<AnsweredRequest, [AnswerRef]>(updateNames.answerRequest)
const status = defineQuery<StatusAnswer>(queryNames.status)
const toolProgress = defineQuery<ToolProgressAnswer>(queryNames.toolProgress)

/** One conversation, for as long as it lives. Ids and small facts only; content never comes here. */
export async function conversation(input: ConversationInput): Promise<void> {
  const loop = new ConversationLoop(input, createTemporalEngine())
  setHandler(userMessage, (message) => loop.addMessage(message))
  setHandler(compactHistory, (asking) => loop.addMessage(asking))
  setHandler(withdrawMessage, ({ messageId }) => loop.withdrawMessage(messageId))
  setHandler(cancelTurn, ({ turnId }) => loop.cancelTurn(turnId))
  setHandler(answerRequest, (answer) => loop.answerRequest(answer), {
    validator: (answer) => loop.assertAnswerable(answer),
  })
  setHandler(status, () => loop.status())
  setHandler(toolProgress, () => loop.toolProgress())
  await continueAsNew<typeof conversation>(await loop.run())
}
