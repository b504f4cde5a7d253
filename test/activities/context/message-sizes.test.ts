import { setImmediate as breathe } from 'node:timers/promises'

import { expect, test } from 'vitest'

import {
  countRequest,
  createMessageSizes,
  toToolText,
} from '../../../src/activities/context/message-sizes.ts'
import { loadTokenCounter, type TokenCounter } from '../../../src/models/token-counter.ts'
import type { HistoryMessage } from '../../../src/store/history-backend.ts'

const { signal } = new AbortController()
const message = (given: Partial<HistoryMessage>): HistoryMessage => ({
  id: 'm1',
  role: 'user',
  state: 'done',
  createdAt: '',
  ...given,
})
/** One token for each character; remembers what it was asked. */
function letterCounter() {
  const asked: string[] = []
  const counter: TokenCounter = {
    isExact: true,
    count(text) {
      asked.push(text)
      return text.length
    },
  }
  return { counter, asked }
}

test('counts text, calls and what the wire adds', async () => {
  const { counter } = letterCounter()
  const sizes = createMessageSizes()
  const toolCalls = [{ callId: 'c1', name: 'ab', arguments: '{}' }]
  const messages = [
    message({ text: 'hello' }),
    message({ id: 'm2', role: 'assistant', toolCalls }),
    message({ id: 'm3', role: 'tool', text: '12' }),
    message({ id: 'm4', role: 'assistant' }),
  ]
  expect(await sizes.countMessages(messages, counter, signal)).toEqual([5 + 5, 5 + 12 + 5, 5 + 12 + 2, 5])
})

test('counts a request as the same messages of a history', async () => {
  const { counter } = letterCounter()
  const tool = { name: 'time_now', description: 'Tells the time.', parameters: {} }
  const toolCalls = [{ id: 'call_0', name: 'ab', arguments: '{}' }]
  const request = {
    system: 'Be kind.',
    tools: [tool],
    messages: [
      { role: 'user' as const, text: 'hello' },
      { role: 'assistant' as const, text: '', toolCalls },
      { role: 'tool' as const, toolCallId: 'call_0', text: '12' },
    ],
  }
  const messages = 5 + 5 + (5 + 12 + 5) + (5 + 12 + 2)
  const tokens = await countRequest(request, counter, signal)
  expect(tokens).toBe('Be kind.'.length + toToolText(tool).length + messages)
})

test('counts a note with its heading', async () => {
  const { counter } = letterCounter()
  const [asUser = 0, asNote = 0] = await createMessageSizes().countMessages(
    [message({ text: 'fact' }), message({ id: 'n', role: 'note', text: 'fact' })],
    counter,
    signal,
  )
  expect(asNote - asUser).toBeGreaterThan(20)
})

test('counts each message once, for each counter', async () => {
  const { counter, asked } = letterCounter()
  const sizes = createMessageSizes()
  const messages = [message({ text: 'hello' })]
  expect(await sizes.countMessages(messages, counter, signal)).toEqual([10])
  expect(await sizes.countMessages(messages, counter, signal)).toEqual([10])
  expect(asked).toEqual(['hello'])
  const estimate = await loadTokenCounter({ model: 'unheard-of' })
  expect(await sizes.countMessages(messages, estimate, signal)).toEqual([7])
  expect(await sizes.countMessages([message({ text: 'hello!' })], counter, signal)).toEqual([11])
})

test('counts texts that every call carries once', async () => {
  const { counter, asked } = letterCounter()
  const sizes = createMessageSizes()
  expect(await sizes.countTexts(['a', 'bc'], counter, signal)).toBe(3)
  expect(await sizes.countTexts(['bc', 'a'], counter, signal)).toBe(3)
  expect(asked).toEqual(['a', 'bc'])
})

test('behavior: a text without a break lets others have a turn', { timeout: 30_000 }, async () => {
  const counter = await loadTokenCounter({ model: 'gpt-5' })
  let turns = 0
  let done = false
  const others = (async () => {
    while (!done) {
      await breathe()
      turns += 1
    }
  })()
  const hostile = message({ text: '0123456789abcdef'.repeat(62_500) })
  const [tokens = 0] = await createMessageSizes().countMessages([hostile], counter, signal)
  done = true
  await others
  expect(tokens).toBeGreaterThan(100_000)
  expect(turns).toBeGreaterThan(100)
})

test('behavior: many short messages let others have a turn as well', async () => {
  const { counter } = letterCounter()
  let turns = 0
  let done = false
  const others = (async () => {
    while (!done) {
      await breathe()
      turns += 1
    }
  })()
  const messages = Array.from({ length: 1_000 }, (_, index) =>
    message({ id: `m${index}`, text: 'x'.repeat(100) }),
  )
  await createMessageSizes().countMessages(messages, counter, signal)
  done = true
  await others
  expect(turns).toBeGreaterThan(10)
})

test('behavior: a counted text is the same whole or in portions', async () => {
  const counter = await loadTokenCounter({ model: 'gpt-5' })
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(1_000)
  const [tokens] = await createMessageSizes().countMessages([message({ text })], counter, signal)
  expect(tokens).toBe(counter.count(text) + 5)
})

test('behavior: stops when it is told to', async () => {
  const { counter, asked } = letterCounter()
  const controller = new AbortController()
  const counting = createMessageSizes().countMessages(
    [message({ text: 'x'.repeat(1_000_000) })],
    counter,
    controller.signal,
  )
  controller.abort(new Error('Stopped.'))
  await expect(counting).rejects.toThrow('Stopped.')
  expect(asked.length).toBeLessThan(10)
})
