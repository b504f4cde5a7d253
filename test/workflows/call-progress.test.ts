import { expect, test } from 'vitest'

import { CallProgressTable } from '../../src/workflows/call-progress.ts'
import { scheduledCall } from './scheduled-call.ts'

const stepped = scheduledCall('s', ['compile', 'simulate', 'report'])

test('tells where each call is', () => {
  const table = new CallProgressTable()
  table.beginTurn('t1')
  table.beginCall(scheduledCall('a'))
  table.beginCall(stepped)
  table.beginStep(stepped, 1)
  expect(table.answer()).toEqual({
    turnId: 't1',
    calls: [
      { callId: 'a', name: 'time_now', status: 'running', steps: [] },
      {
        callId: 's',
        name: 'time_now',
        status: 'running',
        stepIndex: 1,
        stepCount: 3,
        steps: [
          { name: 'compile', status: 'ok' },
          { name: 'simulate', status: 'running' },
          { name: 'report', status: 'pending' },
        ],
      },
    ],
  })
  expect(table.describe()).toEqual(['- running: `time_now`', '- running: `time_now (simulate)`'])
})

test('behavior: nothing has run yet', () => {
  expect(new CallProgressTable().answer()).toEqual({ calls: [] })
})

test.for([
  { status: 'ok', step: 'ok' },
  { status: 'cancelled', step: 'cancelled' },
  { status: 'timeout', step: 'error' },
  { status: 'error', step: 'error' },
] as const)('behavior: a call that ends with $status leaves its step at $step', ({ status, step }) => {
  const table = new CallProgressTable()
  table.beginTurn('t1')
  table.beginCall(stepped)
  table.beginStep(stepped, 2)
  table.endCall(stepped, { status })
  const [call] = table.answer().calls
  expect(call).toMatchObject({ status, steps: [{ status: 'ok' }, { status: 'ok' }, { status: step }] })
  expect(table.describe()).toEqual([])
})

test('behavior: a new turn forgets the calls of the last one', () => {
  const table = new CallProgressTable()
  table.beginTurn('t1')
  table.beginCall(stepped)
  table.beginTurn('t2')
  expect(table.answer()).toEqual({ turnId: 't2', calls: [] })
})

test('behavior: words about a call that is not known are ignored', () => {
  const table = new CallProgressTable()
  table.beginStep(stepped, 0)
  table.setStatus(stepped, 'waiting')
  table.endCall(stepped, { status: 'ok' })
  expect(table.answer()).toEqual({ calls: [] })
})

test('behavior: a call that a person must allow waits from its beginning', () => {
  const table = new CallProgressTable()
  const request = { requestId: 'p', kind: 'permission', expiresAtMs: 1 } as const
  table.beginCall({ ...scheduledCall('a'), request })
  table.beginCall(scheduledCall('b'))
  expect(table.describe()).toEqual(['- waiting: `time_now`', '- running: `time_now`'])
  expect([table.count('waiting'), table.count('running')]).toEqual([1, 1])
  table.setStatus(scheduledCall('a'), 'running')
  expect([table.count('waiting'), table.count('running')]).toEqual([0, 2])
})

test('behavior: a step that finds out that it must ask first is still to come', () => {
  const table = new CallProgressTable()
  table.beginCall(stepped)
  table.beginStep(stepped, 0)
  table.setStatus(stepped, 'waiting')
  const [call] = table.answer().calls
  expect(call).toMatchObject({ status: 'waiting', steps: [{ status: 'pending' }, { status: 'pending' }, {}] })
})
