import { expect, test } from 'vitest'

import { toErrorText, toResultText } from '../../src/activities/result-text.ts'
import { toolResultTextLimit } from '../../src/contracts/limits.ts'

test('gives the model JSON, and text as it is', () => {
  expect(toResultText({ a: 1 })).toBe('{"a":1}')
  expect(toResultText('plain')).toBe('plain')
  expect(toErrorText({ code: 'tool_failed', message: 'No.', retryable: false })).toBe(
    '{"error":{"code":"tool_failed","message":"No.","retryable":false}}',
  )
})

test('behavior: an error says what steps before it have done', () => {
  const error = { code: 'stopped', message: 'No.', retryable: true }
  expect(JSON.parse(toErrorText(error, { one: { sum: 3 } }))).toEqual({
    error,
    finishedSteps: { one: { sum: 3 } },
  })
})

test('behavior: cuts a long result and says so', () => {
  const text = toResultText('x'.repeat(toolResultTextLimit + 1))
  expect(text.slice(toolResultTextLimit)).toBe(`\n[cut: ${toolResultTextLimit + 1} characters in all]`)
  expect(toResultText('x'.repeat(toolResultTextLimit))).toHaveLength(toolResultTextLimit)
})

test('behavior: a tool that returns nothing gives null', () => {
  expect(toResultText(undefined)).toBe('null')
})
