import type { BackgroundCall, ToolCallRef } from '../contracts/activity-interface.ts'
import type { MessageId } from '../contracts/ids.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { CarriedTurn, RoundRef, Turn, TurnEnd, WaitingMessage } from '../contracts/turn.ts'
import type { CallProgressTable } from './call-progress.ts'
import { compactForRound, runCompaction } from './compact-history.ts'
import type { StateOfConversation } from './conversation-state.ts'
import type { Engine, Scope } from './engine.ts'
import type { MessageQueue } from './message-queue.ts'
import type { OpenRequests } from './open-requests.ts'
import { runToolCall } from './tool-call.ts'
import { type ModelOutcome, runTurn, type TurnExit } from './turn.ts'

/** What a turn shares with its conversation. */
export type TurnParts = {
  engine: Engine
  state: StateOfConversation
  calls: CallProgressTable
  requests: OpenRequests
  queue: MessageQueue
}

/** Runs one turn with activities as its ports. Never throws: every failure is an end of the turn. */
export async function runConversationTurn(
  carried: CarriedTurn,
  scope: Scope,
  parts: TurnParts,
): Promise<TurnExit> {
  const { engine, requests } = parts
  const exit = await tryTurn(carried, scope, parts)
  if (exit.kind === 'cut') {
    // Let go in the moment in which another call is allowed, a call waits for that one and may be answered meanwhile.
    const answers = requests.listGiven()
    return answers.length === 0 ? exit : { kind: 'cut', carried: { ...exit.carried, answers } }
  }
  if (!exit.end.written) await engine.shield(() => writeEnd(carried.turn, exit.end, engine))
  requests.clear()
  return exit
}

async function tryTurn(carried: CarriedTurn, scope: Scope, parts: TurnParts): Promise<TurnExit> {
  const { turn } = carried
  const { engine, state, calls, queue } = parts
  let steered: WaitingMessage[] = []
  const running: Promise<CallOutcome>[] = []
  calls.beginTurn(turn.turnId)
  beginCalls(carried.calls ?? [], parts)
  try {
    if (turn.purpose === 'compact') return await runCompaction(turn, parts)
    const exit = await runTurn(carried, {
      async callModel(round) {
        const outcome = await callModel(round, parts, () => {
          steered = []
        })
        // Once the model has answered, its activity has made them part of the turn.
        queue.putBack(outcome.kind === 'nothing' ? steered : listUnjoined(steered, outcome.unjoined))
        steered = []
        return outcome
      },
      runToolCall(call) {
        const outcome = runCall(turn, call, scope, parts)
        running.push(outcome)
        return outcome
      },
      takeJoining(round) {
        steered = queue.takeJoining(round)
        return steered.map(({ messageId }) => messageId)
      },
      // A turn that is being stopped ends here: the next run would know nothing of the Stop.
      mustCut: () => !scope.isCancelled && engine.mustContinueAsNew(),
      now: () => engine.now(),
      waitedMs: () => state.waitedMs,
    })
    // The same, when the Stop came while a call that had been let go waited for one that had just been allowed.
    return exit.kind === 'cut' && scope.isCancelled ? { kind: 'ended', end: stopped } : exit
  } catch (error) {
    // Nobody can tell whether the model was given them; a turn whose message was answered comes to nothing.
    queue.putBack(steered)
    // A call that is to be cancelled is not tried again: one whose worker has died comes back as a failure.
    const end = scope.isCancelled ? stopped : toEnd(error, engine)
    // Whatever else still runs of this turn must not reach into the next one.
    state.change({ kind: 'stopAsked' })
    scope.cancel()
    if (running.length > 0 && engine.isPatched('wait-for-calls')) await Promise.allSettled(running)
    return { kind: 'ended', end }
  }
}

function listUnjoined(
  steered: readonly WaitingMessage[],
  unjoined: readonly MessageId[] = [],
): WaitingMessage[] {
  return steered.filter(({ messageId }) => unjoined.includes(messageId))
}

/** `onBegun`: the round has begun, with the messages that joined the turn, and the model is not asked yet. */
async function callModel(round: RoundRef, parts: TurnParts, onBegun: () => void): Promise<ModelOutcome> {
  const { state, calls } = parts
  state.change({ kind: 'modelCalled', round: round.round })
  const outcome = await askModel(round, parts, onBegun)
  if (outcome.kind !== 'nothing') state.model = outcome.model ?? state.model
  if (outcome.kind !== 'tools') return outcome
  if (outcome.round !== undefined) state.change({ kind: 'modelCalled', round: outcome.round })
  calls.beginTurn(round.turnId)
  beginCalls(outcome.calls, parts)
  return outcome
}

/** Where the conversation no longer fits, its older part is summed up first, once for a round. */
async function askModel(round: RoundRef, parts: TurnParts, onBegun: () => void): Promise<ModelOutcome> {
  const { engine, state } = parts
  const first = await engine.callModel(round, state.model)
  if (first.kind !== 'compact') return first
  onBegun()
  await compactForRound(round, parts)
  const second = await engine.callModel({ ...round, compacted: true }, state.model)
  if (second.kind === 'compact') throw new Error('A round asks to be summed up a second time.')
  return second
}

function beginCalls(opened: readonly ScheduledCall[], parts: TurnParts): void {
  const { calls, requests } = parts
  for (const call of opened) {
    calls.beginCall(call)
    if (call.request !== undefined) requests.open(call.request)
  }
  if (opened.length > 0) settleCalls(parts)
}

function settleCalls({ state, requests }: TurnParts): void {
  state.settleCalls()
  requests.parkIfNeeded()
}

async function runCall(
  turn: Turn,
  call: ScheduledCall,
  scope: Scope,
  parts: TurnParts,
): Promise<CallOutcome> {
  const { engine, state, calls, requests } = parts
  const { conversationId, turnId } = turn
  const ref = { conversationId, turnId, callId: call.callId }
  const note = (status: 'running' | 'waiting') => {
    calls.setStatus(call, status)
    settleCalls(parts)
  }
  const outcome = await runToolCall(call, {
    ask: (request) => requests.ask(turn, request),
    runTool: (wanted) => engine.runTool(ref, wanted),
    runToolStep: (wanted, stepIndex) => engine.runToolStep(ref, wanted, stepIndex),
    async runInBackground(wanted) {
      if (scope.isCancelled) return { status: 'cancelled' }
      // Once it is told to run on, a Stop of the turn does not keep it from doing so.
      return engine.shield(() => startInBackground(ref, wanted, engine))
    },
    failToolCall: (_, failure) => engine.failToolCall({ ...ref, ...failure }),
    onWait(_, request) {
      requests.open(request)
      note('waiting')
    },
    onRun: () => note('running'),
    onStep(wanted, stepIndex) {
      calls.beginStep(wanted, stepIndex)
      state.describe()
    },
    classify: (error) => engine.classify(error),
  })
  calls.endCall(call, outcome)
  settleCalls(parts)
  return outcome
}

async function startInBackground(
  ref: ToolCallRef,
  call: ScheduledCall,
  engine: Engine,
): Promise<CallOutcome> {
  const { background: _background, request: _request, ...plain } = call
  const running: BackgroundCall = { ...ref, background: true, call: plain }
  const outcome = await engine.beginBackgroundCall(running)
  if (outcome.status === 'running') await engine.startBackgroundCall(running)
  return outcome
}

const stopped: TurnEnd = { outcome: 'cancelled', code: 'stopped', written: false }

function toEnd(error: unknown, engine: Engine): TurnEnd {
  if (engine.isCancellation(error)) return stopped
  return { outcome: 'error', code: engine.toTurnCode(error), written: false }
}

async function writeEnd(
  { conversationId, turnId, messageIds, trigger }: Turn,
  { outcome, code }: TurnEnd,
  engine: Engine,
): Promise<void> {
  await engine.finishTurn({
    conversationId,
    turnId,
    trigger,
    messageIds,
    outcome,
    ...(code === undefined ? {} : { code }),
  })
}
