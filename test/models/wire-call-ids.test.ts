import { expect, test } from 'vitest'

import { commonDialect } from '../../src/models/dialect.ts'
import type { ModelMessage } from '../../src/models/model-provider.ts'
import { findPreset } from '../../src/models/presets.ts'
import { withWireCallIds } from '../../src/models/wire-call-ids.ts'

const mistral = findPreset('mistral')?.dialect.callIds ?? /^$/

const call = (id: string) => ({ id, name: 'time_now', arguments: '{}' })
const reply = (...ids: string[]): ModelMessage[] => [
  { role: 'assistant', text: '', toolCalls: ids.map(call) },
  ...ids.map((id) => ({ role: 'tool' as const, toolCallId: id, text: `of ${id}` })),
]

/** The ids of each reply's calls, and those of the results behind it. */
function idsOf(messages: readonly ModelMessage[]) {
  return messages.flatMap((message, index) =>
    message.role === 'assistant'
      ? [
          {
            calls: message.toolCalls.map(({ id }) => id),
            results: messages
              .slice(index + 1, index + 1 + message.toolCalls.length)
              .map((result) => (result.role === 'tool' ? result.toolCallId : '')),
          },
        ]
      : [],
  )
}

test('keeps ids that the service accepts', () => {
  const messages = [...reply('call_a', 'functions.time_now:0'), ...reply('toolu_01')]
  expect(withWireCallIds(messages, commonDialect.callIds)).toEqual(messages)
})

test.for([
  ['OpenAI', commonDialect.callIds],
  ['Mistral', mistral],
] as const)('behavior: %s gets ids that it accepts, none twice, results with their calls', ([, form]) => {
  const long = `call_${'x'.repeat(60)}`
  const ids = idsOf(
    withWireCallIds([...reply('call_0', 'call_1'), ...reply('call_0'), ...reply(long, 'a b', '')], form),
  )
  expect(ids.map(({ calls }) => calls.length)).toEqual([2, 1, 3])
  for (const { calls, results } of ids) expect(results).toEqual(calls)
  const all = ids.flatMap(({ calls }) => calls)
  expect(new Set(all).size).toBe(all.length)
  for (const id of all) expect(id).toMatch(form)
})

test('behavior: what stands in front stays the same when the conversation grows', () => {
  const before = withWireCallIds([...reply('call_0'), ...reply('call_0')], mistral)
  const after = withWireCallIds([...reply('call_0'), ...reply('call_0'), ...reply('call_0')], mistral)
  expect(after.slice(0, before.length)).toEqual(before)
})

test(
  'promise: months of a service that repeats its ids cost as much a reply as the first day',
  { timeout: 10_000 },
  () => {
    const ids = idsOf(withWireCallIds(Array.from({ length: 20_000 }, () => reply('call_0')).flat(), mistral))
    expect(new Set(ids.flatMap(({ calls }) => calls)).size).toBe(20_000)
  },
)
