import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { describe, expect, it } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { toModelError } from '../../src/models/model-error.ts'
import { exposed } from '../conformance/model-provider.ts'

const source = { provider: 'acme', streaming: false, nowMs: Date.parse('2026-11-05T12:00:00Z') }

function fromStatus(
  status: number,
  error: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  return toModelError(APIError.generate(status, { error }, undefined, new Headers(headers)), source)
}

describe('toModelError', () => {
  it.each([
    [400, 'model_rejected'],
    [401, 'model_unauthorized'],
    [403, 'model_unauthorized'],
    [404, 'model_rejected'],
    [408, 'model_timeout'],
    [409, 'model_unavailable'],
    [422, 'model_rejected'],
    [429, 'model_rate_limited'],
    [500, 'model_unavailable'],
    [529, 'model_unavailable'],
  ] as const)('%i is %s', (status, code) => {
    expect(fromStatus(status)).toMatchObject({ code, details: { provider: 'acme', status } })
  })

  it('tells how long to wait', () => {
    const error = fromStatus(503, {}, { 'retry-after': 'Thu, 05 Nov 2026 12:00:05 GMT' })
    expect(error.retryAfterMs).toBe(5_000)
  })

  it('behavior: a used-up account is final although it comes with 429', () => {
    expect(fromStatus(429, { code: 'insufficient_quota' })).toMatchObject({ code: 'model_rejected' })
  })

  it('behavior: known reasons are named, unknown ones are not repeated', () => {
    expect(fromStatus(400, { code: 'context_length_exceeded' })).toMatchObject({
      details: { reason: 'context_length_exceeded' },
      message: expect.stringContaining('longer than the model can read'),
    })
    expect(exposed(fromStatus(400, { code: 'sk-my-key', message: 'key sk-my-key' }))).not.toContain(
      'sk-my-key',
    )
  })

  it('behavior: an error inside the stream is read by its number or its word', () => {
    const inStream = (error: Record<string, unknown>) =>
      toModelError(new APIError(undefined, error, undefined, new Headers()), { ...source, streaming: true })
        .code
    expect(inStream({ code: 429 })).toBe('model_rate_limited')
    expect(inStream({ code: 'rate_limit_exceeded' })).toBe('model_rate_limited')
    expect(inStream({ type: 'overloaded_error' })).toBe('model_unavailable')
  })

  it('behavior: connections that fail are told apart by when', () => {
    const broken = Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    })
    const failed = new APIConnectionError({ message: undefined, cause: broken })
    expect(toModelError(failed, source)).toMatchObject({
      code: 'model_unavailable',
      details: { reason: 'ECONNREFUSED' },
    })
    expect(toModelError(broken, { ...source, streaming: true }).code).toBe('model_stream_cut')
    expect(toModelError(new APIConnectionTimeoutError(), source).code).toBe('model_silent')
    expect(toModelError(new SyntaxError('bad'), source).code).toBe('model_garbage')
  })

  it('behavior: an error of our own passes through, even when it was wrapped', () => {
    const own = new AppError('model_silent', 'Silent.')
    expect(toModelError(new APIConnectionError({ message: 'x', cause: own }), source)).toBe(own)
  })

  it('error: shows no key, URL, header or body', () => {
    const cause = new Error('request to https://host/sk-secret/v1 failed')
    const errors = [
      fromStatus(
        401,
        { message: 'Incorrect API key: sk-secret' },
        { 'x-key': 'sk-secret', 'x-request-id': 'sk-secret' },
      ),
      toModelError(new APIConnectionError({ message: 'sk-secret', cause }), source),
      toModelError(cause, { ...source, streaming: true }),
    ]
    for (const error of errors) expect(exposed(error)).not.toContain('sk-secret')
  })
})
