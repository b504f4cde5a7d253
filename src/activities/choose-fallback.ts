import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { ModelInfo } from '../models/model-provider.ts'
import { applyFallback } from '../store/fallbacks.ts'
import type { TurnSettings } from '../store/rounds.ts'
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
  'service_busy',
])

/** Why a service may refuse a request that is as good as any. */
const downReasons: readonly unknown[] = ['insufficient_quota', 'model_not_found']

/** A model that goes on in the place of one that is down. */
export type Fallback = { from: string; to: string; failure: AppError }

/** The next model of the list when the turn's is down for good; undefined when nobody is left: the failure stands. */
export function chooseFallback(
  failure: AppError | undefined,
  settings: TurnSettings,
  services: ActivityServices,
): Fallback | undefined {
  if (failure === undefined || !isDown(failure)) return undefined
  const next = findFallback(settings, services)
  return next === undefined ? undefined : { from: settings.model, to: next.id, failure }
}

/**
 * Has a fallback go on in the same round and for the rest of the turn. Returns the error that begins the next
 * attempt.
 */
export async function useFallback(
  { from, to, failure }: Fallback,
  { round, scope }: { round: RoundRef; scope: ActivityScope },
  services: ActivityServices,
): Promise<AppError> {
  const message = `${from} is down (${failure.code}). ${to} goes on.`
  await untilDatabaseAnswers(scope.signal, () =>
    applyFallback(services.database, round, { from, to, message }),
  )
  scope.forgetFailedTries()
  const { conversationId, turnId } = round
  services.logger.warn({ conversationId, turnId, from, to, code: failure.code }, 'a fallback goes on')
  return new AppError('model_unavailable', message, { retryAfterMs: 1, cause: failure })
}

function isDown({ code, details }: AppError): boolean {
  return downCodes.has(code) || (code === 'model_rejected' && downReasons.includes(details['reason']))
}

/** Whether a service wants a longer pause than anybody should wait for while another one could answer. */
export function isLongPause({ code, details, retryAfterMs = 0 }: AppError): boolean {
  return retryAfterMs > 10_000 || code === 'service_busy' || details['circuit'] === 'open'
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
