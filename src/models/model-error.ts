import { APIConnectionTimeoutError, APIError } from 'openai'

import { AppError } from '../contracts/errors.ts'
import type { ErrorCode } from '../contracts/errors.ts'
import { readRetryAfterMs } from '../services/retry-after.ts'

// The only words that are taken over from a service's answer; anything else there may repeat the prompt or the key.
const knownReasons = new Map<string, string>([
  ['context_length_exceeded', 'The conversation is longer than the model can read.'],
  ['model_not_found', 'The model does not exist there or the key may not use it.'],
  ['insufficient_quota', 'The account has no credit left.'],
  ['content_policy_violation', 'The content policy of the service forbids it.'],
])

export type ModelErrorSource = {
  provider: string
  /** Whether the reply had begun. */
  streaming: boolean
  nowMs: number
}

/**
 * Turns any error of a model call into an `AppError`. Says nothing that came from the request or the reply
 * but the status and a few known reasons, and keeps no `cause`: the library's errors hold headers and bodies.
 */
export function toModelError(error: unknown, source: ModelErrorSource): AppError {
  const own = findAppError(error)
  if (own) return own
  if (error instanceof APIConnectionTimeoutError) {
    return new AppError(
      'model_silent',
      `Provider ${source.provider} did not begin to answer in time. Try again.`,
    )
  }
  if (error instanceof APIError) return fromService(error, source)
  if (error instanceof SyntaxError) {
    return new AppError('model_garbage', `Provider ${source.provider} sent a chunk that is not JSON.`)
  }
  return fromTransport(error, source)
}

function findAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  return error instanceof Error && error.cause !== undefined ? findAppError(error.cause) : undefined
}

function fromService(error: APIError, source: ModelErrorSource): AppError {
  const status = error.status ?? toStatus(error.error)
  if (status === undefined) return source.streaming ? inStream(error, source) : fromTransport(error, source)
  const reason = [error.code, error.type].find((word) => typeof word === 'string' && knownReasons.has(word))
  const retryAfterMs = readRetryAfterMs(error.headers, source.nowMs)
  const code = toCode(status, reason ?? undefined)
  return new AppError(code, describe(code, status, reason ?? undefined, source.provider), {
    details: { provider: source.provider, status, ...(reason ? { reason } : {}) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

function toCode(status: number, reason: string | undefined): ErrorCode {
  // Sent with 429, but no waiting helps.
  if (reason === 'insufficient_quota') return 'model_rejected'
  if (status === 401 || status === 403) return 'model_unauthorized'
  if (status === 408) return 'model_timeout'
  if (status === 429) return 'model_rate_limited'
  return status === 409 || status >= 500 ? 'model_unavailable' : 'model_rejected'
}

function describe(code: ErrorCode, status: number, reason: string | undefined, provider: string): string {
  const known = reason ? knownReasons.get(reason) : undefined
  const answer = `Provider ${provider} answered with status ${status}.`
  if (known) return `${answer} ${known}`
  if (code === 'model_unauthorized') return `${answer} Check its API key.`
  if (code === 'model_rate_limited') return `${answer} Its rate limit is met; wait or use another model.`
  if (status === 404) return `${answer} Check its base URL and the name of the model.`
  if (code === 'model_rejected')
    return `${answer} It refuses this request; check the model's name and what it supports.`
  return `${answer} Try again or use another model.`
}

/** Services that fail after the first chunk send an error object with a number or a word. */
function inStream(error: APIError, source: ModelErrorSource): AppError {
  const limited = [error.code, error.type].some(
    (word) => typeof word === 'string' && word.includes('rate_limit'),
  )
  const what = `Provider ${source.provider} reported an error in the middle of its reply.`
  return limited
    ? new AppError('model_rate_limited', `${what} Its rate limit is met; wait or use another model.`)
    : new AppError('model_unavailable', `${what} Try again.`)
}

function toStatus(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('code' in body)) return undefined
  const status = Number(body.code)
  return status >= 400 && status < 600 ? status : undefined
}

function fromTransport(error: unknown, source: ModelErrorSource): AppError {
  const reason = findSystemCode(error)
  const details = { provider: source.provider, ...(reason ? { reason } : {}) }
  if (reason === 'UND_ERR_HEADERS_TIMEOUT' || reason === 'UND_ERR_BODY_TIMEOUT') {
    return new AppError('model_silent', `Provider ${source.provider} sent nothing for too long. Try again.`, {
      details,
    })
  }
  const because = reason ? ` (${reason})` : ''
  return source.streaming
    ? new AppError(
        'model_stream_cut',
        `The connection to provider ${source.provider} broke${because}. Try again.`,
        { details },
      )
    : new AppError('model_unavailable', `Provider ${source.provider} cannot be reached${because}.`, {
        details,
      })
}

function findSystemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string' && /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/.test(error.code))
    return error.code
  return findSystemCode(error.cause)
}
