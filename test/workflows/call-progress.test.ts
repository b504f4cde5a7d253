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
  expect(table.running()).toEqual(['time_now', 'time_now (simulate)'])
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
  expect(table.running()).toEqual([])
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
  table.endCall(stepped, { status: 'ok' })
  expect(table.answer()).toEqual({ calls: [] })
})
