import { expect, test } from 'vitest'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import { displayWidth } from '../../src/terminal/display-width.ts'
import { statusRow } from '../../src/terminal/status-row.ts'

const running: ConversationView = {
  ...emptyView,
  turn: { turnId: 't', round: 0, startedAt: 'now', model: 'openai/gpt-5' },
  usage: { model: 'm', inputTokens: 1, outputTokens: 1, contextTokens: 12_345, contextLimit: 128_000 },
  turnUsage: { turnId: 't', calls: 2, inputTokens: 1, outputTokens: 1, costUsd: '0.0123', estimated: false },
}

test('says which model answers, how full its window is and what the turn costs', () => {
  expect(statusRow(running, undefined, 100)).toBe(
    'openai/gpt-5 · 12k of 128k tokens (10 %) · $0.012 this turn',
  )
})

test('behavior: says what is only estimated, and which model the next message goes to', () => {
  const estimated = { calls: 1, inputTokens: 1, outputTokens: 1, costUsd: '1.5', estimated: true }
  expect(statusRow({ ...emptyView, turnUsage: estimated }, 'a/b', 100)).toBe(
    'next message: a/b · ~$1.50 this turn',
  )
})

test('behavior: is empty when nothing is known', () => {
  expect(statusRow(emptyView, undefined, 100)).toBe('')
})

test.each([20, 34, 60])(
  'behavior: never takes more than %i columns, whatever the model is called',
  (columns) => {
    const turn = { turnId: 't', round: 0, startedAt: 'now', model: 'a/模型\u001b[2J\n'.repeat(9) }
    const row = statusRow({ ...running, turn }, 'x'.repeat(99), columns)
    expect(displayWidth(row)).toBeLessThan(columns)
    expect(row).not.toContain('\u001b')
  },
)
