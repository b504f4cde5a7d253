import { ApplicationFailure } from '@temporalio/common'

import { AppError } from '../contracts/errors.ts'
import { answerIdOf } from '../contracts/ids.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import type { CallKey } from '../contracts/usage.ts'
import { beginRound, type RunningRound } from '../store/rounds.ts'
import type { ActivityServices } from './activity-services.ts'
import { type ActivityScope, handedOver, withActivityScope } from './activity-scope.ts'
import { isOutage, isTransient, mayTryAgain, toActivityFailure } from './attempt.ts'
import { chooseFallback, findFallback, isLongPause, useFallback } from './choose-fallback.ts'
import { DeltaWriter } from './delta-writer.ts'
import { endRound } from './end-round.ts'
import { loadModelContext } from './model-context.ts'
import { readReply, type Reply } from './reply.ts'
import { runOn } from './run-on.ts'
import { toModelCaller } from './service-caller.ts'
import { withSlot } from './slot.ts'
import { Spending } from './spending.ts'
import { turnEndMessages } from './turn-end-messages.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

/** Streams one model reply into the log and stores the assistant message; see `Activities.callModel`. */
export async function callModel(round: RoundRef, services: ActivityServices): Promise<RoundOutcome> {
  return withActivityScope({ turnId: round.turnId, stops: services.stops }, async (scope) => {
    try {
      return await runOn(round, scope, (next, isJoinable) => runRound(next, isJoinable, scope, services))
    } catch (error) {
      const { conversationId, turnId } = round
      if (!isTransient(error) && !(error instanceof ApplicationFailure))
        services.logger.error({ err: error, conversationId, turnId }, 'model call failed')
      throw toActivityFailure(error, scope.failedTries + 1)
    }
  })
}

/** Undefined: messages wait to join the round, and it is not joinable. */
async function runRound(
  round: RoundRef,
  isJoinable: boolean,
  scope: ActivityScope,
  services: ActivityServices,
): Promise<RoundOutcome | undefined> {
  scope.beginPart(`round ${round.round}`)
  const begun = await beginRound(services.database, round, { promptHash: services.prompt.hash, isJoinable })
  if (begun.outcome === 'done') return begun.stored
  if (begun.outcome === 'joined') return undefined
  if (begun.outcome !== 'run') return { kind: 'nothing' }
  const stream = () => {
    limitCall(begun, scope, services)
    return streamRound(round, begun, scope, services)
  }
  if (begun.state === 'cancelling') return stream()
  const { model, owner } = begun.settings
  scope.limitTime(turnTimeLeftMs(begun, services))
  return withSlot(scope, { gate: services.modelSlots.of(model), owner, kind: 'model' }, stream)
}

async function streamRound(
  round: RoundRef,
  begun: RunningRound,
  scope: ActivityScope,
  services: ActivityServices,
): Promise<RoundOutcome> {
  const { log } = services
  const { attempt } = begun
  const writer = new DeltaWriter({
    messageId: answerIdOf(round.turnId, round.round),
    attempt,
    append: async (bodies) => {
      const events = bodies.map((body) => ({ key: null, turnId: round.turnId, body }))
      await untilDatabaseAnswers(scope.signal, () =>
        log.append(round.conversationId, events, { onlyInTurn: round.turnId, async: true }),
      )
      scope.note('stream', bodies.at(-1)?.type)
    },
  })
  const reply: Reply = { calls: [], usage: undefined, reason: undefined }
  const caller = toModelCaller(
    {
      turn: round,
      owner: begun.settings.owner,
      scope,
      hasFallback: findFallback(begun.settings, services) !== undefined,
      onAdmitted: () => limitCall(begun, scope, services),
    },
    services,
  )
  const spending = new Spending(toCallKey(round, begun), caller, services)
  const reading = { round, begun, scope, writer, reply, spending }
  const failure = begun.state === 'cancelling' ? stopped() : await readModel(reading, services)
  if (failure === 'compact') return { kind: 'compact' }
  await writer.settle()
  const retry = retryFor(failure, { begun, scope }, services)
  const fallback = retry === undefined ? chooseFallback(failure, begun.settings, services) : undefined
  // Before the switch: of a worker that dies after it, the call would be booked as lost, with all of its input.
  if (retry !== undefined || fallback !== undefined) await spending.settle(reply, failure, scope.signal)
  if (retry !== undefined) throw retry
  if (fallback !== undefined) throw await useFallback(fallback, { round, scope }, services)
  scope.note('store')
  return endRound({ round, begun, scope, attempt, writer, reply, failure, spending }, services)
}

type Reading = {
  round: RoundRef
  begun: RunningRound
  scope: ActivityScope
  writer: DeltaWriter
  reply: Reply
  spending: Spending
}

/** Returns what cut the reply short, if anything, or that the older part must be summed up first. */
async function readModel(
  { round, begun, scope, writer, reply, spending }: Reading,
  services: ActivityServices,
): Promise<AppError | 'compact' | undefined> {
  try {
    const { settings } = begun
    const { provider, info } = services.models.find(settings.model)
    const context = await loadModelContext({ round, settings, info, signal: scope.signal }, services)
    if (context.kind === 'compact') return 'compact'
    const { request, inputTokens } = context
    scope.note('model')
    await readReply(spending.stream({ provider, info, request, inputTokens }, scope.signal), writer, reply)
    const silent = reply.calls.length === 0 && writer.whole('text') === '' && reply.reason === 'stop'
    if (silent) return new AppError('model_garbage', 'The model answered with nothing.')
    return spending.findCut(reply)
  } catch (error) {
    return toFailure(error, scope, turnTimeLeftMs(begun, services))
  }
}

function toCallKey(
  { conversationId, turnId, round }: RoundRef,
  { settings, attempt }: RunningRound,
): CallKey {
  const id = `${answerIdOf(turnId, round)}.a${attempt}`
  return { id, kind: 'answer', owner: settings.owner, conversationId, turnId }
}

function toFailure(error: unknown, scope: ActivityScope, timeLeftMs: number): AppError {
  const interruption = scope.interruption()
  if (interruption === 'stopped') return stopped()
  if (timeLeftMs <= 0) return new AppError('turn_time_limit', turnEndMessages.turn_time_limit)
  if (interruption === 'timeout') return new AppError('model_timeout', 'The model took too long to answer.')
  if (interruption !== undefined) return handedOver(interruption)
  if (error instanceof AppError) return error
  throw error
}

function stopped(): AppError {
  return new AppError('stopped', turnEndMessages.stopped)
}

/** Begins the model's own time: no wait is part of it. */
function limitCall(begun: RunningRound, scope: ActivityScope, services: ActivityServices): void {
  scope.limitTime(Math.min(services.settings.modelTimeoutMs, turnTimeLeftMs(begun, services)))
}

/** What is left of the turn's time; negative when it is over. */
function turnTimeLeftMs({ startedAtMs }: RunningRound, { settings }: ActivityServices): number {
  return startedAtMs + settings.turnTimeoutMs - Date.now()
}

/** The error to throw when another try may do better; otherwise the failure becomes the turn's outcome. */
function retryFor(
  failure: AppError | undefined,
  { begun, scope }: { begun: RunningRound; scope: ActivityScope },
  services: ActivityServices,
): AppError | undefined {
  if (failure === undefined) return undefined
  const isTooLong = (failure.code === 'service_busy' || !isOutage(failure)) && isLongPause(failure)
  if (isTooLong && findFallback(begun.settings, services) !== undefined) return undefined
  return mayTryAgain(failure, scope, services.settings) ? failure : undefined
}
