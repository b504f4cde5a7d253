import type { AppError, ErrorCode } from '../contracts/errors.ts'
import { answerIdOf } from '../contracts/ids.ts'
import { roundLimit } from '../contracts/limits.ts'
import type { EventBody, FinishReason } from '../contracts/event.ts'
import type { RoundOutcome, RoundRef, TurnOutcomeKind } from '../contracts/turn.ts'
import type { NewEvent } from '../store/event-log.ts'
import { isBudgetCode, toUsage, usageKeyOf } from '../store/ledger.ts'
import type { RunningRound, FinishedRound } from '../store/rounds.ts'
import type { ActivityServices } from './activity-services.ts'
import type { RoundPlan } from './plan-calls.ts'
import type { PlannedCall } from './planned-call.ts'
import type { Reply } from './reply.ts'
import { turnEndMessages } from './turn-end-messages.ts'
import type { Settlement } from './spending.ts'

export type RoundEnd = {
  round: RoundRef
  begun: RunningRound
  attempt: number
  reply: Reply
  text: string
  reasoning: string
  /** What cut the reply short. */
  failure: AppError | undefined
  plan: RoundPlan
  /** The calls begin with the round. */
  claimed: boolean
  spent: Settlement | undefined
  services: ActivityServices
}

/** Everything a model call leaves behind, to be stored in one transaction. */
export function toFinishedRound(end: RoundEnd): FinishedRound {
  const { round, begun, attempt, text, spent } = end
  const { calls, requests } = end.plan
  const outcome = toOutcome(end, calls)
  const messageId = answerIdOf(round.turnId, round.round)
  const keyed = (suffix: string, body: EventBody): NewEvent => ({
    key: `${messageId}:${suffix}`,
    turnId: round.turnId,
    body,
  })
  const events = [
    ...(end.reasoning === ''
      ? []
      : [keyed('reasoning', { type: 'reasoning.completed', messageId, attempt, text: end.reasoning })]),
    ...(text === '' ? [] : [keyed('text', { type: 'text.completed', messageId, attempt, text })]),
    ...(spent === undefined ? [] : [usageRecorded(end.round, spent)]),
    keyed('finished', { type: 'round.finished', round: round.round, reason: toReason(end) }),
    ...calls.flatMap(({ events: started }) => started),
    keyed('state', { type: 'conversation.updated', state: outcome.kind === 'tools' ? 'tools' : 'idle' }),
    ...(outcome.kind === 'finished' ? [turnFinished(end, outcome.outcome, outcome.code)] : []),
  ]
  const rows = calls.map(({ row }) => row)
  return {
    conversationId: round.conversationId,
    turnId: round.turnId,
    round: round.round,
    attempt,
    outcome,
    message:
      text === '' && rows.length === 0
        ? null
        : {
            id: messageId,
            text,
            model: begun.settings.model,
            toolCalls: rows.map(({ end: _end, permission: _permission, ...call }) => call),
          },
    calls: end.claimed ? rows.map((row) => ({ ...row, claimed: row.end === undefined })) : rows,
    requests,
    spent: spent ?? null,
    events,
    deltaFloor: begun.firstSeq,
  }
}

/** Failures that are bounds which the turn has met. */
const limitCodes: ReadonlySet<ErrorCode> = new Set([
  'answer_too_long',
  'turn_time_limit',
  'context_full',
  'output_limit',
])

function toOutcome(
  { failure, reply, begun, services }: RoundEnd,
  calls: readonly PlannedCall[],
): RoundOutcome {
  const { model } = begun.settings
  if (failure?.code === 'stopped') return { kind: 'finished', outcome: 'cancelled', code: 'stopped', model }
  if (failure !== undefined && (limitCodes.has(failure.code) || isBudgetCode(failure.code))) {
    return { kind: 'finished', outcome: 'limit', code: failure.code, model }
  }
  if (failure !== undefined) return { kind: 'finished', outcome: 'error', code: failure.code, model }
  if (reply.reason === 'length') return { kind: 'finished', outcome: 'limit', code: 'output_limit', model }
  if (reply.reason === 'filtered')
    return { kind: 'finished', outcome: 'error', code: 'content_filtered', model }
  if (calls.length === 0) return { kind: 'finished', outcome: 'success', model }
  return {
    kind: 'tools',
    calls: calls.flatMap(({ scheduled }) => scheduled ?? []),
    limits: { rounds: roundLimit, deadlineMs: begun.startedAtMs + services.settings.turnTimeoutMs },
    model,
  }
}

function usageRecorded({ turnId }: RoundRef, { call, tokens }: Settlement): NewEvent {
  return { key: usageKeyOf(call.key), turnId, body: { type: 'usage.recorded', ...toUsage(call, tokens) } }
}

function turnFinished(
  { round, failure }: RoundEnd,
  outcome: TurnOutcomeKind,
  code: string | undefined,
): NewEvent {
  const message = failure?.message ?? messages[code ?? '']
  return {
    key: `${round.turnId}:finished`,
    turnId: round.turnId,
    body: {
      type: 'turn.finished',
      outcome,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
    },
  }
}

const messages: Readonly<Record<string, string>> = turnEndMessages

function toReason({ failure, reply }: RoundEnd): FinishReason {
  if (failure?.code === 'stopped') return 'cancelled'
  if (failure?.code === 'answer_too_long' || failure?.code === 'output_limit') return 'length'
  if (isBudgetCode(failure?.code)) return 'length'
  return failure === undefined ? (reply.reason ?? 'error') : 'error'
}
