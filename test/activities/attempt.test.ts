import { expect, test } from 'vitest'

import {
  isOutage,
  isTransient,
  isTriedOut,
  toActivityFailure,
  toRetry,
} from '../../src/activities/attempt.ts'
import { AppError, type ErrorCode } from '../../src/contracts/errors.ts'

test('repeats what may pass by itself', () => {
  const codes: ErrorCode[] = [
    'model_rate_limited',
    'database_unavailable',
    'chain_unavailable',
    'tool_timeout',
  ]
  expect(codes.map((code) => isTransient(new AppError(code, '')))).toEqual([true, true, true, true])
})

test('behavior: repeats nothing that would fail again, nor faults of the program', () => {
  const codes: ErrorCode[] = ['model_rejected', 'model_unauthorized', 'answer_too_long', 'tool_input_invalid']
  expect(codes.map((code) => isTransient(new AppError(code, '')))).toEqual([false, false, false, false])
  expect([new Error('x'), undefined, 'model_silent'].map(isTransient)).toEqual([false, false, false])
})

test('behavior: waits longer after each failure, up to a bound', () => {
  const error = new AppError('model_unavailable', '')
  const pauses = [1, 2, 3, 4, 20].map((tries) => toRetry(error, tries).nextRetryDelay)
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 30_000])
})

test('behavior: waits as long as the service asks, up to a bound', () => {
  const pauseAfter = (retryAfterMs: number) =>
    toRetry(new AppError('model_rate_limited', '', { retryAfterMs }), 1).nextRetryDelay
  expect([pauseAfter(7_000), pauseAfter(86_400_000)]).toEqual([7_000, 300_000])
})

test('behavior: a service that wants no pause gets the shortest there is', () => {
  const error = new AppError('model_rate_limited', '', { retryAfterMs: 0 })
  expect(toRetry(error, 1).nextRetryDelay).toBe(1)
})

test('behavior: the history gets the code and never the message', () => {
  const error = new AppError('model_unavailable', 'The user said: secret')
  const failures = [
    toRetry(error, 1),
    toActivityFailure(new AppError('unknown_model', 'secret'), 1),
    toActivityFailure(new Error('secret'), 1),
  ]
  expect(failures.map(({ message, type }) => [message, type])).toEqual([
    ['model_unavailable', 'model_unavailable'],
    ['unknown_model', 'unknown_model'],
    ['internal', 'internal'],
  ])
  expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual([false, true, true])
  expect(failures.map(({ cause }) => cause)).toEqual([undefined, undefined, undefined])
})

test('behavior: a retry that was decided below stays one', () => {
  const retry = toRetry(new AppError('chain_unavailable', ''), 1)
  expect(toActivityFailure(retry, 1)).toBe(retry)
})

test('behavior: a wait for a service costs no try, and one that was tried often enough gets no more', () => {
  const busy = new AppError('service_busy', '')
  expect([isTransient(busy), isOutage(busy), isTriedOut(busy)]).toEqual([true, true, false])
  const tried = new AppError('chain_unavailable', '', { details: { tries: 3 } })
  const down = new AppError('chain_unavailable', '', { details: { circuit: 'open' } })
  expect([tried, down].map((error) => [isTransient(error), isTriedOut(error)])).toEqual([
    [true, true],
    [true, true],
  ])
})
