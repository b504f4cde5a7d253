import { expect, test } from 'vitest'
import type { ErrorCode } from '../../src/contracts/errors.ts'
import { describeOutcome } from '../../src/terminal/describe-outcome.ts'

const codes: ErrorCode[] = ['turn_budget', 'day_budget', 'owner_budget', 'context_full', 'output_limit']

test.each(codes)('a turn that ends with %s says what can be done', (code) => {
  const said = describeOutcome({ outcome: 'limit', code, message: 'It was too much.' })
  expect(said).toMatch(new RegExp(`^The turn met a limit\\. It was too much\\. \\(${code}\\) \\S.*[.]$`))
})

test('behavior: a failed compaction says what can be done', () => {
  expect(describeOutcome({ outcome: 'error', code: 'compaction_failed' })).toContain('/compact tries again')
})

test('behavior: another code is told as it is', () => {
  expect(describeOutcome({ outcome: 'error', code: 'constructor', message: 'Oh.' })).toBe(
    'The turn failed. Oh. (constructor)',
  )
  expect(describeOutcome({ outcome: 'success' })).toBe('')
  expect(describeOutcome({ outcome: 'cancelled', code: 'stopped', message: 'x' })).toBe('Stopped.')
})
