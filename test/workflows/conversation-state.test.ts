import { expect, test } from 'vitest'

import { CallProgressTable } from '../../src/workflows/call-progress.ts'
import { StateOfConversation } from '../../src/workflows/conversation-state.ts'
import { MessageQueue } from '../../src/workflows/message-queue.ts'
import { OpenRequests } from '../../src/workflows/open-requests.ts'
import { FakeEngine } from './fake-engine.ts'
import { scheduledCall } from './scheduled-call.ts'

const request = { requestId: 'p', kind: 'permission', expiresAtMs: 60_000 } as const
const asking = { ...scheduledCall('a'), request }

function openState(needsHuman = false) {
  const engine = new FakeEngine()
  const queue = new MessageQueue()
  const calls = new CallProgressTable()
  const requests = new OpenRequests(engine, () => false)
  const state = new StateOfConversation({ engine, queue, calls, requests }, 1, needsHuman)
  const listIndexed = () =>
    engine.commands.flatMap((command) => (command.startsWith('index ') ? command.slice(6) : []))
  return { engine, queue, calls, requests, state, listIndexed }
}

/** A turn that waits for permission from `engine.nowMs` on. */
function openWaiting() {
  const opened = openState()
  const { state, calls, requests } = opened
  state.change({ kind: 'turnBegan', turnId: 't1', round: 0 })
  calls.beginCall(asking)
  requests.open(request)
  state.settleCalls()
  return opened
}

test('tells what runs, what waits, and for whom', () => {
  const { state, queue, engine } = openWaiting()
  queue.add({ messageId: 'm2', position: 2 })
  expect(state.answer()).toEqual({
    state: 'waiting',
    turnId: 't1',
    round: 0,
    queued: 1,
    turns: 1,
    waitingFor: [{ requestId: 'p', kind: 'permission', expiresAt: '1970-01-01T00:01:00.000Z' }],
  })
  state.describe()
  expect(engine.details.split('\n\n')).toEqual([
    '**waiting**',
    'Turn `t1`, round 0',
    '- waiting: `time_now`',
    '- waits for a person: permission `p`, until 1970-01-01T00:01:00.000Z',
    '1 message queued',
  ])
})

test('behavior: tells how the last turn ended', () => {
  const { state, engine } = openState()
  state.change({ kind: 'turnBegan', turnId: 't1', round: 0 })
  state.endTurn({ outcome: 'limit', code: 'too_many_rounds', written: true })
  expect(engine.details).toBe('**idle**\n\n1 turn, the last one: limit (too_many_rounds)')
})

test('behavior: waits only while no call runs', () => {
  const { state, calls } = openWaiting()
  const states = [state.phase.state]
  calls.beginCall(scheduledCall('b'))
  state.settleCalls()
  states.push(state.phase.state)
  calls.endCall(scheduledCall('b'), { status: 'ok' })
  state.settleCalls()
  states.push(state.phase.state)
  calls.endCall(asking, { status: 'denied' })
  state.settleCalls()
  states.push(state.phase.state)
  expect(states).toEqual(['waiting', 'tools', 'waiting', 'tools'])
})

test('behavior: counts the time in which it waits, and no other', () => {
  const { state, engine } = openWaiting()
  const waited = [state.waitedMs]
  const go = (timeMs: number) => {
    engine.nowMs += timeMs
    waited.push(state.waitedMs)
  }
  go(500)
  state.change({ kind: 'toolsRun' })
  go(1_000)
  state.change({ kind: 'onlyPeopleAwaited' })
  go(30)
  state.change({ kind: 'stopAsked' })
  go(1_000)
  expect(waited).toEqual([0, 500, 500, 530, 530])
})

test('behavior: marks that a person is needed while it waits, and not when it goes on', () => {
  const { state, listIndexed } = openWaiting()
  state.change({ kind: 'onlyPeopleAwaited' })
  state.change({ kind: 'toolsRun' })
  state.change({ kind: 'modelCalled', round: 1 })
  expect(listIndexed()).toEqual([
    '{"state":"waiting","needsHuman":true}',
    '{"state":"tools","needsHuman":false}',
  ])
})

test('behavior: the end of a turn that waited writes the attributes once', () => {
  const { state, listIndexed, engine } = openWaiting()
  engine.nowMs = 9
  state.change({ kind: 'stopAsked' })
  state.endTurn({ outcome: 'cancelled', written: false })
  expect(listIndexed().slice(1)).toEqual(['{"state":"idle","needsHuman":false,"endedAtMs":9}'])
})

test('behavior: a turn without people costs one write of the attributes', () => {
  const { state, listIndexed } = openState()
  state.change({ kind: 'turnBegan', turnId: 't1', round: 0 })
  state.change({ kind: 'modelCalled', round: 0 })
  state.change({ kind: 'toolsRun' })
  state.change({ kind: 'modelCalled', round: 1 })
  state.endTurn({ outcome: 'success', written: true })
  expect(listIndexed()).toEqual(['{"state":"idle","endedAtMs":0}'])
})

test('behavior: a new run in which the turn waits on writes nothing', () => {
  const { state, calls, requests, listIndexed } = openState(true)
  state.change({ kind: 'turnBegan', turnId: 't1', round: 1 })
  requests.open(request)
  calls.beginCall(asking)
  state.settleCalls()
  expect(listIndexed()).toEqual([])
  state.change({ kind: 'toolsRun' })
  expect(listIndexed()).toEqual(['{"state":"tools","needsHuman":false}'])
})
