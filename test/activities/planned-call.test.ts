import { expect, test } from 'vitest'
import { z } from 'zod'

import { planCall } from '../../src/activities/planned-call.ts'
import { withUniqueIds } from '../../src/activities/unique-call-ids.ts'
import { toolCallLimit } from '../../src/contracts/limits.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { step } from '../../src/toolkit/step.ts'
import type { Tool } from '../../src/toolkit/tool.ts'

const input = z.strictObject({ address: z.string() })
const single: Tool = defineTool({
  name: 'single',
  title: ({ address }) => `Account ${address}`,
  description: 'For tests.',
  effect: 'read',
  uses: [],
  input,
  output: z.unknown(),
  run: async () => 1,
})
const stepped: Tool = defineTool({
  name: 'stepped',
  title: () => {
    throw new Error('A fault of the tool.')
  },
  description: 'For tests.',
  effect: 'compute',
  uses: [],
  input,
  output: z.unknown(),
  steps: { one: step({ run: async () => 1, timeoutMs: 5 }), two: step({ run: async () => 2 }) },
  result: () => 1,
})

const planner = {
  round: { conversationId: 'c', turnId: 'c.t1', trigger: 'user' as const, messageIds: [], round: 2 },
  tools: [single, stepped],
  settings: { toolTimeoutMs: 30_000, toolTries: 3 },
}
const address = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const plan = (name: string, text = JSON.stringify({ address }), index = 0) =>
  planCall({ id: 'call_0', name, arguments: text }, index, planner)

test('plans a call under an id of its own', () => {
  const { row, events, scheduled } = plan('single')
  expect(row).toEqual({
    callId: 'c.t1.r2.c0',
    providerCallId: 'call_0',
    name: 'single',
    arguments: JSON.stringify({ address }),
  })
  expect(events.map(({ body }) => body)).toEqual([
    {
      type: 'tool.started',
      callId: 'c.t1.r2.c0',
      name: 'single',
      title: `Account ${address}`,
      effect: 'read',
      input: { address },
      background: false,
    },
  ])
  expect(scheduled).toEqual({
    callId: 'c.t1.r2.c0',
    name: 'single',
    summary: 'single 0xd8dA…6045',
    timeoutMs: 30_000,
    steps: [],
  })
})

test('behavior: steps have their own limits; a title that throws is the name', () => {
  const { events, scheduled } = plan('stepped')
  expect(events[0]?.body).toMatchObject({ title: 'stepped', steps: ['one', 'two'] })
  expect(scheduled?.steps).toEqual([
    { name: 'one', timeoutMs: 5 },
    { name: 'two', timeoutMs: 30_000 },
  ])
})

test('behavior: the summary never carries what the user said', () => {
  const { scheduled } = plan('single', JSON.stringify({ address: 'my secret' }))
  expect(scheduled?.summary).toBe('single')
})

test.for([
  { about: 'an unknown tool', name: 'nothing', text: '{}', code: 'tool_unknown', message: 'single, stepped' },
  { about: 'no JSON', name: 'single', text: '{"address":', code: 'tool_input_invalid', message: 'single' },
  { about: 'wrong input', name: 'single', text: '{"x":1}', code: 'tool_input_invalid', message: 'address' },
  { about: 'no object', name: 'single', text: '[]', code: 'tool_input_invalid', message: 'single' },
])('error: $about ends before it runs', ({ name, text, code, message }) => {
  const { row, events, scheduled } = plan(name, text)
  expect(scheduled).toBeUndefined()
  expect(events.map(({ body }) => body)).toMatchObject([
    { type: 'tool.started', input: text },
    { type: 'tool.completed', status: 'error', error: { code } },
  ])
  expect(row.end?.text).toContain(code)
  expect(row.end?.error.message).toContain(message)
})

test('error: the 33rd call of a reply', () => {
  const text = JSON.stringify({ address })
  expect(plan('single', text, toolCallLimit - 1).scheduled).toBeDefined()
  const { row, scheduled } = plan('single', text, toolCallLimit)
  expect(scheduled).toBeUndefined()
  expect(row.end).toMatchObject({ status: 'error', error: { code: 'too_many_tool_calls', retryable: true } })
})

test('error: an unknown tool with a name without end', () => {
  const { events, row } = plan('x'.repeat(100_000), '{}')
  expect(JSON.stringify(events[0]?.body).length).toBeLessThan(1_000)
  expect(row.name.length).toBe(64)
})

test('behavior: ids that a provider repeats, or does not send, become unique', () => {
  const ids = ['call_0', 'call_0', '', '', 'call_0_1'].map((id) => ({ id, name: 'single', arguments: '{}' }))
  const unique = withUniqueIds(ids).map(({ id }) => id)
  expect(unique[0]).toBe('call_0')
  expect(new Set(unique).size).toBe(ids.length)
})

test('behavior: a call of a background tool says so to clients and to the workflow', () => {
  const watch: Tool = { ...single, name: 'watch', kind: 'single', background: true, run: async () => 1 }
  const call = { id: 'call_0', name: 'watch', arguments: JSON.stringify({ address }) }
  const { events, scheduled } = planCall(call, 0, { ...planner, tools: [watch] })
  expect(events).toMatchObject([{ body: { type: 'tool.started', background: true } }])
  expect(scheduled).toMatchObject({ callId: 'c.t1.r2.c0', background: true })
  expect(plan('single').scheduled).not.toHaveProperty('background')
})
