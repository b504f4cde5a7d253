import { expect, test } from 'vitest'

import { type ContextFill, fillContext } from '../../../src/activities/context/fill-context.ts'
import { createMessageSizes } from '../../../src/activities/context/message-sizes.ts'
import { loadTokenCounter } from '../../../src/models/token-counter.ts'
import type { HistoryMessage } from '../../../src/store/history-backend.ts'

const counter = await loadTokenCounter({ model: 'gpt-5' })
const { signal } = new AbortController()

const message = (turn: number, name: string, given: Partial<HistoryMessage>): HistoryMessage => ({
  id: `t${turn}.${name}`,
  role: 'user',
  state: 'done',
  turnId: `t${turn}`,
  createdAt: '',
  ...given,
})
const question = (turn: number) => message(turn, 'q', { text: `Question ${turn}` })
const answer = (turn: number) => message(turn, 'a', { role: 'assistant', text: `Answer ${turn}` })
/** A call with a result of that many words. */
function looked(turn: number, words: number): HistoryMessage[] {
  const callId = `c.t${turn}.r0.c0`
  const toolCalls = [{ callId, name: 'look', arguments: '{}' }]
  return [
    message(turn, 'call', { role: 'assistant', toolCalls }),
    message(turn, 'result', { role: 'tool', callId, text: 'word '.repeat(words) }),
  ]
}

async function fill(messages: HistoryMessage[], given: Partial<ContextFill> = {}) {
  const filled = await fillContext({
    history: { messages, complete: true },
    turnId: messages.at(-1)?.turnId ?? '',
    strategy: 'slidingWindow',
    budgetTokens: 1_000,
    compacted: false,
    readsOn: true,
    counter,
    sizes: createMessageSizes(),
    signal,
    ...given,
  })
  return filled.kind === 'filled' ? filled : { ...filled, messages: [], tokens: 0 }
}
const namesOf = (messages: readonly HistoryMessage[]) => messages.map(({ id }) => id)

test('gives the history as it is when it fits', async () => {
  const messages = [question(1), ...looked(1, 10), answer(1), question(2)]
  expect((await fill(messages)).messages).toEqual(messages)
})

test('puts the note of a compaction first', async () => {
  const compaction = { summary: 'They met.', facts: [], factsLeftOut: 0 }
  const history = { messages: [question(2)], complete: true, compaction }
  const { messages, tokens } = await fill(history.messages, { history, strategy: 'summary' })
  expect(messages.map(({ role }) => role)).toEqual(['note', 'user'])
  expect(messages[0]?.text).toContain('They met.')
  expect(tokens).toBeGreaterThan(20)
})

test('behavior: leaves out whole turns', async () => {
  const messages = [question(1), ...looked(1, 90), answer(1), question(2), ...looked(2, 900), answer(2)]
  expect(namesOf((await fill([...messages, question(3)])).messages)).toEqual([
    't2.q',
    't2.call',
    't2.result',
    't2.a',
    't3.q',
  ])
})

test('behavior: cuts the results of a turn that does not fit, and nothing else', async () => {
  const { messages, kind } = await fill([question(1), ...looked(1, 5_000)])
  expect(kind).toBe('filled')
  expect(namesOf(messages)).toEqual(['t1.q', 't1.call', 't1.result'])
  const [, , result] = messages
  expect(result?.text).toMatch(
    /^(word )+\n\[cut: the first \d+ of 25000 characters\. Read on with read_result/,
  )
  const sizes = await createMessageSizes().countMessages(messages, counter, signal)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_000)
})

test('behavior: says what cannot be', async () => {
  const long = message(1, 'q', { text: 'word '.repeat(2_000) })
  expect((await fill([long])).kind).toBe('full')
  expect((await fill([long, question(2)], { strategy: 'full' })).kind).toBe('full')
  expect((await fill([long, question(2)], { strategy: 'summary' })).kind).toBe('compact')
  expect((await fill([long, question(2)], { strategy: 'summary', compacted: true })).messages).toEqual([
    question(2),
  ])
})
