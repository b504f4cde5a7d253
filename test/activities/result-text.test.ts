import { expect, test } from 'vitest'

import { beginningOf, toCutText, toErrorText } from '../../src/activities/result-text.ts'
import { toolResultTextLimit } from '../../src/contracts/limits.ts'

const error = { code: 'tool_failed', message: 'No.', retryable: false }

test('gives the model an error as JSON', () => {
  expect(toErrorText(error)).toBe('{"error":{"code":"tool_failed","message":"No.","retryable":false}}')
})

test('behavior: an error says what steps before it have done', () => {
  expect(JSON.parse(toErrorText(error, { one: { sum: 3 } }))).toEqual({
    error,
    finishedSteps: { one: { sum: 3 } },
  })
})

test('behavior: cuts an error that is too long and says so', () => {
  const text = toErrorText({ ...error, message: 'x'.repeat(toolResultTextLimit) })
  expect(text).toMatch(/^\{"error".*\n\[cut: \d+ characters in all\]$/)
  expect(text.length).toBeLessThan(toolResultTextLimit + 50)
})

test('behavior: a cut result says how to read on, with the call as it is named in any copy', () => {
  const cut = { callId: 'c_abc.t1.r0.c2', beginning: 'The beginning', totalChars: 70_000 }
  expect(toCutText({ ...cut, readsOn: true })).toBe(
    'The beginning\n[cut: the first 13 of 70000 characters. Read on with read_result ' +
      '{"callId":"t1.r0.c2","offset":13}; with "find" it searches the whole.]',
  )
})

test('behavior: a model without that tool is not told of it', () => {
  const cut = { callId: 'c_abc.t1.r0.c2', beginning: 'A', totalChars: 70_000, readsOn: false }
  expect(toCutText(cut)).toBe('A\n[cut: the first 1 of 70000 characters.]')
})

test('behavior: the beginning never ends inside a character', () => {
  const whole = 'x'.repeat(toolResultTextLimit)
  expect(beginningOf(whole)).toBe(whole)
  expect(beginningOf(`${whole}x`)).toBe(whole)
  expect(beginningOf(`${whole.slice(1)}🦊`)).toBe(whole.slice(1))
})
