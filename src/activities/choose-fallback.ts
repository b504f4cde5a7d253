import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { ModelInfo } from '../models/model-provider.ts'
import { applyFallback } from '../store/fallbacks.ts'
import type { BegunRound, TurnSettings } from '../store/rounds.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

/** Faults of a service, not of what it was asked: another one may well answer. */
const downCodes: ReadonlySet<ErrorCode> = new Set([
  'model_unavailable',
  'model_rate_limited',
  'model_silent',
  'model_timeout',
  'model_stream_cut',
  'model_garbage',
  'model_unauthorized',
  // It was taken out of the configuration since it was chosen.
  'unknown_model',
])

/** Why a service may refuse a request that is as good as any. */
const downReasons: readonly unknown[] = ['insufficient_quota', 'model_not_found']

/**
 * Has the next model of the list go on when the turn's is down for good, in the same round and for the rest of the
 * turn. Returns the error that begins the next attempt, or undefined when nobody is left: the failure stands.
 */
export async function chooseFallback(
  failure: AppError | undefined,
  { round, begun, scope }: { round: RoundRef; begun: BegunRun; scope: ActivityScope },
  services: ActivityServices,
): Promise<AppError | undefined> {
  if (failure === undefined || !isDown(failure)) return undefined
  const next = findFallback(begun.settings, services)
  if (next === undefined) return undefined
  const from = begun.settings.model
  const message = `${from} is down (${failure.code}). ${next.id} goes on.`
  await untilDatabaseAnswers(scope.signal, () =>
    applyFallback(services.database, round, { from, to: next.id, message }),
  )
  scope.forgetFailedTries()
  const { conversationId, turnId } = round
  services.logger.warn(
    { conversationId, turnId, from, to: next.id, code: failure.code },
    'a fallback goes on',
  )
  return new AppError('model_unavailable', message, { retryAfterMs: 1, cause: failure })
}

type BegunRun = Extract<BegunRound, { outcome: 'run' }>

function isDown({ code, details }: AppError): boolean {
  return downCodes.has(code) || (code === 'model_rejected' && downReasons.includes(details['reason']))
}

/** Whether a service wants a longer pause than anybody should wait for while another one could answer. */
export function isLongPause({ retryAfterMs = 0 }: AppError): boolean {
  return retryAfterMs > 10_000
}

/** The first of the list that is not down itself, as far as this turn has seen. */
export function findFallback(
  { model, fallbackModels, downModels }: TurnSettings,
  { models }: ActivityServices,
): ModelInfo | undefined {
  const offered = new Map(models.list().map((info) => [info.id, info]))
  const wanted = fallbackModels ?? models.fallbackModels
  const id = wanted.find((each) => each !== model && !downModels.includes(each) && offered.has(each))
  return id === undefined ? undefined : offered.get(id)
}
