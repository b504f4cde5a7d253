import type { RequestKind, RequestRef } from '../../src/contracts/human-request.ts'
import { callIdOf, permissionIdOf, requestIdOf } from '../../src/contracts/ids.ts'
import type { CallOutcome, ScheduledCall } from '../../src/contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'
import type { AskedTool, AskedWrite } from './asked.ts'
import type { FakeDatabase } from './fake-database.ts'
import { scheduledCall } from './scheduled-call.ts'

/** A call as a model may ask for it: some of them must ask a person first. */
export type CallPlan = 'plain' | 'stepped' | 'permission' | 'question' | 'background' | 'backgroundAsked'
/** How a model call ends; `thenOn`: its activity goes on with the next round, of which that comes. */
export type Reply = LastReply | { thenOn: LastReply }
/** By itself, without its activity having said so, or with calls. */
export type LastReply = 'answers' | 'fails' | 'limits' | 'compact' | 'throws' | 'cancelled' | CallPlan[]
/** How the activity ends that sums up. */
export type CompactionEnd = 'done' | 'fails' | 'throws' | 'cancelled'
/** How a tool's activity ends. */
export type ToolEnd = 'ok' | 'error' | 'throws' | 'timeout' | 'ungranted' | 'cancelled'

export type Ending = { value: unknown } | { error: 'thrown' | 'timeout' | 'cancelled' }

/** Times of what models and tools of the test ask for. */
export const requestTtlMs = 5_000
const turnTimeMs = 20_000
const rounds = 5

type Cancellable = { isCancelRequested: boolean }
type ModelCall = Cancellable & { asked: { round: RoundRef } }

/** A model call is cancelled only when the workflow has asked for it, and asks once to be summed up. */
export function toPossibleReply(reply: Reply, { isCancelRequested, asked }: ModelCall): Reply {
  if (reply === 'compact' && asked.round.compacted === true) return 'answers'
  return reply === 'cancelled' && !isCancelRequested ? 'answers' : reply
}

/** The same for summing up. */
export function toPossibleCompaction(end: CompactionEnd, { isCancelRequested }: Cancellable): CompactionEnd {
  return end === 'cancelled' && !isCancelRequested ? 'done' : end
}

/** The same for a tool. */
export function toPossibleEnd(end: ToolEnd, { isCancelRequested }: Cancellable): ToolEnd {
  return end === 'cancelled' && !isCancelRequested ? 'ok' : end
}

/** One try of a model call. */
export function tryModelCall(db: FakeDatabase, round: RoundRef, reply: Reply, nowMs: number): Ending {
  if (reply === 'cancelled') return { error: 'cancelled' }
  const begun = db.beginRound(round)
  if (begun.outcome === 'done') {
    const { stored } = begun
    const isOver = stored.kind === 'tools' && stored.calls.length === 0
    return isOver ? goOn(db, round, { outcome: stored, reply: toLast(reply) }, nowMs) : { value: stored }
  }
  if (begun.outcome !== 'run') return { value: { kind: 'nothing' } satisfies RoundOutcome }
  if (reply === 'throws') return { error: 'thrown' }
  if (reply === 'compact') return { value: { kind: 'compact' } satisfies RoundOutcome }
  const finish = (outcome: RoundOutcome) => ({ value: db.finishRound(round, outcome, [], []) })
  if (begun.isCancelling) return finish({ kind: 'finished', outcome: 'cancelled', code: 'stopped' })
  if (reply === 'answers') return finish({ kind: 'finished', outcome: 'success' })
  if (reply === 'fails') return finish({ kind: 'finished', outcome: 'error', code: 'model_silent' })
  if (reply === 'limits') return finish({ kind: 'finished', outcome: 'limit', code: 'output_limit' })
  if (!isGoingOn(reply)) return { value: finishWithCalls(db, round, reply, nowMs) }
  return goOn(db, round, { outcome: finishWithCalls(db, round, [], nowMs), reply: reply.thenOn }, nowMs)
}

function isGoingOn(reply: Reply): reply is Extract<Reply, { thenOn: unknown }> {
  return typeof reply === 'object' && 'thenOn' in reply
}

function toLast(reply: Reply): LastReply {
  return isGoingOn(reply) ? reply.thenOn : reply
}

/** The same activity's next round, as `runOn` has it. */
function goOn(
  db: FakeDatabase,
  first: RoundRef,
  { outcome, reply }: { outcome: RoundOutcome; reply: LastReply },
  nowMs: number,
): Ending {
  const round = first.round + 1
  const isOver =
    outcome.kind !== 'tools' || round >= outcome.limits.rounds || nowMs >= outcome.limits.deadlineMs
  const { steered: _steered, compacted: _compacted, ...turn } = first
  const isJoined = db.isJoined && !db.isStored({ ...turn, round })
  if (isOver || isJoined) return { value: outcome }
  const ending = tryModelCall(db, { ...turn, round }, reply === 'cancelled' ? 'answers' : reply, nowMs)
  if ('error' in ending) return ending
  const next = ending.value as RoundOutcome
  if (next.kind === 'compact') return { value: outcome }
  return { value: next.kind === 'tools' ? { round, ...next } : next }
}

/** One try of summing up: before a round it changes nothing, in a turn of its own it ends that turn. */
export function tryCompaction(db: FakeDatabase, round: RoundRef, end: CompactionEnd): Ending {
  if (end === 'cancelled') return { error: 'cancelled' }
  const begun = db.beginRound(round)
  if (begun.outcome !== 'run') return { value: { kind: 'nothing' } satisfies RoundOutcome }
  if (end === 'throws') return { error: 'thrown' }
  if (round.purpose === undefined) return { value: { kind: 'nothing' } satisfies RoundOutcome }
  const outcome = begun.isCancelling ? 'cancelled' : end === 'fails' ? 'error' : 'success'
  db.finishTurn({ ...round, outcome })
  return { value: { kind: 'finished', outcome } satisfies RoundOutcome }
}

function finishWithCalls(db: FakeDatabase, round: RoundRef, plans: CallPlan[], nowMs: number): RoundOutcome {
  const expiresAtMs = nowMs + requestTtlMs
  const calls = plans.map((plan, index): ScheduledCall => {
    const callId = callIdOf(round.turnId, round.round, index)
    const plain = scheduledCall(callId, plan === 'stepped' ? ['one', 'two'] : [])
    const call: ScheduledCall = plan.startsWith('background') ? { ...plain, background: true } : plain
    if (plan === 'permission' || plan === 'backgroundAsked') {
      const requestId = permissionIdOf(round.turnId, round.round)
      return { ...call, request: { requestId, kind: 'permission', expiresAtMs } }
    }
    if (plan !== 'question') return call
    return { ...call, request: { requestId: requestIdOf(callId, 0), kind: 'question', expiresAtMs } }
  })
  const requests = new Map<string, { ref: RequestRef; callIds: string[] }>()
  for (const { request, callId } of calls) {
    if (request === undefined) continue
    const others = requests.get(request.requestId)?.callIds ?? []
    requests.set(request.requestId, { ref: request, callIds: [...others, callId] })
  }
  const limits = { rounds, deadlineMs: nowMs + turnTimeMs }
  const outcome: RoundOutcome = { kind: 'tools', calls, limits, model: 'scripted/demo' }
  const callIds = calls.map(({ callId }) => callId)
  return db.finishRound(round, outcome, callIds, [...requests.values()])
}

/** One try of a tool or of a step. */
export function tryTool(db: FakeDatabase, asked: AskedTool, end: ToolEnd, nowMs: number): Ending {
  if (end === 'cancelled' || end === 'timeout') return { error: end }
  const { callId, turnId } = asked.call
  const ended = (outcome: CallOutcome) => ({ value: outcome })
  const begun = db.beginTry(callId)
  if (begun.outcome === 'done') return ended({ status: begun.status })
  if (end === 'throws') return { error: 'thrown' }
  if (begun.isCancelling) return ended({ status: db.finishCall(callId, 'cancelled') })
  const isFirst = asked.kind === 'runTool' || asked.stepIndex === 0
  const waitsFor = db.requests.find(({ callIds, outcome }) => callIds.includes(callId) && !outcome)
  const wasAsked = db.requests.some(({ callIds }) => callIds.includes(callId))
  if (waitsFor !== undefined) return ended({ status: 'waiting', request: waitsFor.ref })
  if (end === 'ungranted' && isFirst && !wasAsked) {
    const kind: RequestKind = 'permission'
    const ref = { requestId: requestIdOf(callId, 0), kind, expiresAtMs: nowMs + requestTtlMs }
    db.openRequest({ ref, turnId, callIds: [callId] })
    return ended({ status: 'waiting', request: ref })
  }
  if (end === 'error') return ended({ status: db.finishCall(callId, 'error') })
  const isLast = asked.kind === 'runTool' || asked.stepIndex === asked.stepCount - 1
  return ended({ status: isLast ? db.finishCall(callId, 'ok') : 'ok' })
}

/** A write, which succeeds in the end. */
export function write(db: FakeDatabase, asked: AskedWrite): Ending {
  switch (asked.kind) {
    case 'resolveRequest':
      return { value: db.resolveRequest(asked.request) }
    case 'failToolCall':
      return { value: { status: db.finishCall(asked.call.callId, asked.call.status) } }
    case 'beginBackgroundCall':
      return { value: db.beginBackground(asked.call.callId) }
    case 'startBackgroundCall':
      return { value: db.startBackground(asked.call.callId) }
    case 'wakeConversation':
      return { value: undefined }
    case 'finishTurn':
      return { value: db.finishTurn(asked.end) }
  }
}
