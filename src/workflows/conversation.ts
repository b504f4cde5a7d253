import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow'

import { turnIdOf } from '../contracts/ids.ts'
import { queryNames, searchAttributes, signalNames } from '../contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import type { CarriedTurn, ConversationInput, StatusAnswer, WaitingMessage } from '../contracts/turn.ts'
import { CallProgressTable } from './call-progress.ts'
import { StateOfConversation } from './conversation-state.ts'
import { MessageQueue } from './message-queue.ts'
import { mustContinueAsNew } from './must-continue-as-new.ts'
import { type ModelMemory, runConversationTurn } from './run-conversation-turn.ts'

const userMessage = defineSignal<[WaitingMessage]>(signalNames.userMessage)
const cancelTurn = defineSignal<[{ turnId?: string }]>(signalNames.cancelTurn)
const status = defineQuery<StatusAnswer>(queryNames.status)
const toolProgress = defineQuery<ToolProgressAnswer>(queryNames.toolProgress)

const conversationStateKey = { name: 'ConversationState', type: searchAttributes.ConversationState }
const modelKey = { name: 'Model', type: searchAttributes.Model }
const lastTurnAtKey = { name: 'LastTurnAt', type: searchAttributes.LastTurnAt }

/**
 * One conversation, for as long as it lives. Signals put ids into a queue, one loop takes them out; content
 * never comes here.
 */
export async function conversation({ conversationId, turns, carried }: ConversationInput): Promise<void> {
  const queue = new MessageQueue(carried?.queue, carried?.seen)
  const calls = new CallProgressTable()
  const state = new StateOfConversation(turns, queue, calls)
  const memory: ModelMemory = {}
  let cut = carried?.turn
  // Signals that came during continue-as-new are handled before the loop begins: a Stop means the carried turn.
  let scope = cut === undefined ? undefined : new CancellationScope()
  if (cut !== undefined) state.change('thinking', { turnId: cut.turn.turnId, round: cut.round })

  setHandler(userMessage, (message) => {
    queue.add(message)
    if (scope !== undefined) state.describe()
  })
  setHandler(cancelTurn, ({ turnId }) => {
    if (turnId !== undefined && turnId !== state.runningTurnId) return
    // A Stop that names no turn may come before the first round of the one that it means.
    if (scope === undefined && queue.length > 0) scope = new CancellationScope()
    if (scope === undefined) return
    state.cancelling()
    scope.cancel()
  })
  setHandler(status, () => state.answer())
  setHandler(toolProgress, () => calls.answer())

  function nextTurn(): CarriedTurn {
    const messageId = queue.takeFirst()
    const turnId = turnIdOf(conversationId, state.countTurn())
    const messageIds = messageId === undefined ? [] : [messageId]
    return { turn: { conversationId, turnId, trigger: 'user', messageIds }, round: 0, limits: null }
  }

  for (;;) {
    if (cut === undefined) await condition(() => queue.length > 0)
    const turn: CarriedTurn = cut ?? nextTurn()
    scope ??= new CancellationScope()
    const exit = await scope.run(() => runConversationTurn(turn, state, calls, memory))
    scope = undefined
    cut = exit.kind === 'cut' ? exit.carried : undefined
    if (exit.kind === 'ended') {
      state.endTurn(exit.end)
      upsertSearchAttributes([
        { key: conversationStateKey, value: state.answer().state },
        { key: lastTurnAtKey, value: new Date() },
        ...(memory.model === undefined ? [] : [{ key: modelKey, value: memory.model }]),
      ])
    }
    if (cut !== undefined || mustContinueAsNew()) {
      await continueAsNew<typeof conversation>({
        conversationId,
        turns: state.turns,
        carried: { ...queue.toCarried(), ...(cut === undefined ? {} : { turn: cut }) },
      })
    }
  }
}
