import { expect, test } from 'vitest'
import type { CallEntry } from '../../src/client/conversation-view.ts'
import { createPalette } from '../../src/terminal/palette.ts'
import { toolRow } from '../../src/terminal/tool-row.ts'

const palette = createPalette({}, {})
const startedAt = '2026-11-21T12:00:00.000Z'
const call: CallEntry = {
  kind: 'call',
  id: 'k',
  name: 'simulate_deployment',
  title: 'Simulate Counter',
  status: 'running',
  background: false,
  steps: [
    { name: 'compile', status: 'ok' },
    { name: 'simulate', status: 'running' },
  ],
  stepIndex: 1,
  stepCount: 2,
  startedAt,
}
const row = (changes: Partial<CallEntry>, columns = 80) =>
  toolRow({ ...call, ...changes }, { palette, columns, nowMs: Date.parse(startedAt) + 1_500 })

test('says which step runs and how far it is', () => {
  expect(row({ fraction: 0.5, message: 'block 7' })).toBe(
    '⠴ Simulate Counter  step 2 of 2: simulate · 50 % · block 7 · 1.5 s',
  )
})

test('behavior: says how a call ended', () => {
  const endedAt = '2026-11-21T12:00:00.250Z'
  expect(row({ status: 'ok', endedAt })).toBe('✓ Simulate Counter  0.3 s')
  expect(row({ status: 'cancelled', endedAt })).toBe('– Simulate Counter  stopped · 0.3 s')
  const error = { code: 'compile_failed', message: 'line 3', retryable: false }
  expect(row({ status: 'error', error, endedAt })).toBe('✗ Simulate Counter  compile_failed: line 3 · 0.3 s')
  expect(row({ status: 'denied' })).toBe('✗ Simulate Counter  denied')
  const refused = { code: 'permission_rejected', message: 'Do not repeat it.', retryable: false }
  expect(row({ status: 'denied', error: refused })).toBe('✗ Simulate Counter  refused')
})

test('behavior: fits the terminal', () => {
  const long = { title: '漢字'.repeat(40), message: 'x'.repeat(200) }
  expect(row(long, 40).length).toBeLessThanOrEqual(40)
})

test('behavior: hostile titles and messages stay on their row', () => {
  const hostile = { title: 'a\u001b[2J\nb', message: '\u001b]0;owned\u0007\r\nc' }
  expect(row(hostile)).toBe('⠴ a b  step 2 of 2: simulate · c · 1.5 s')
})
