import { describe, expect, test } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { describeError, redactFields, redactLine, redactText } from '../../src/ops/redact.ts'

describe('redactText', () => {
  test.each([
    ['postgres://user:pass@host/db', 'postgres://[redacted]@host/db'],
    ['https://rpc.example/v2/abcdefghij0123456789XY', 'https://rpc.example/v2/[redacted]'],
    ['https://rpc.example/?apikey=abc&x=1', 'https://rpc.example/?apikey=[redacted]&x=1'],
    ['sent Bearer abcdefgh.ijkl', 'sent Bearer [redacted]'],
    ['key sk-live_0123456789', 'key [redacted]'],
    [`signed 0x${'ab'.repeat(65)}`, 'signed [redacted]'],
  ])('removes the secret of %s', (text, expected) => {
    expect(redactText(text)).toBe(expected)
  })

  test('behavior: leaves hashes, addresses and plain URLs alone', () => {
    const text = `0x${'ab'.repeat(32)} 0x${'cd'.repeat(20)} http://127.0.0.1:4040/api/conversations?after=3`
    expect(redactText(text)).toBe(text)
  })

  test('behavior: a megabyte without a space is read in no time', () => {
    const startedMs = performance.now()
    redactLine('a'.repeat(1_000_000))
    expect(performance.now() - startedMs).toBeLessThan(500)
  })
})

describe('redactFields', () => {
  test('removes secrets and content at any depth', () => {
    const fields = {
      conversationId: 'c1',
      text: 'what do I hold',
      request: { headers: { cookie: 'a' }, openaiApiKey: 'b', inputTokens: 3, calls: [{ input: { a: 1 } }] },
    }
    expect(redactFields(fields)).toEqual({
      conversationId: 'c1',
      text: '[redacted]',
      request: {
        headers: '[redacted]',
        openaiApiKey: '[redacted]',
        inputTokens: 3,
        calls: [{ input: '[redacted]' }],
      },
    })
  })

  test('behavior: a circle ends', () => {
    const circle: Record<string, unknown> = { name: 'a' }
    circle.self = circle
    expect(JSON.stringify(redactFields(circle))).toContain('[deep]')
  })
})

describe('describeError', () => {
  test('keeps code, message, stack and cause', () => {
    const error = new AppError('tool_failed', 'It failed.', { cause: new Error('why') })
    expect(describeError(error)).toMatchObject({
      name: 'AppError',
      code: 'tool_failed',
      message: 'It failed.',
      stack: expect.stringContaining('redact.test.ts'),
      cause: { message: 'why' },
    })
  })

  test('behavior: drops what a library hangs on its errors', () => {
    const error = Object.assign(new Error('429'), { headers: { authorization: 'x' }, request: { body: 'y' } })
    expect(Object.keys(describeError(error))).toEqual(['name', 'message', 'stack'])
  })
})
