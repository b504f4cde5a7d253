import { beforeEach, expect, test } from 'vitest'

import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { beginToolTry, endToolTry, finishCall, finishCalls, finishStep } from '../../src/store/tool-calls.ts'
import { storableJson } from '../../src/store/storable-text.ts'
import { finishTurn, stopTurn } from '../../src/store/turns.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store
const log = createPostgresEventLog(database, { onChannelError: () => {} })

let ref: { conversationId: string; turnId: string; callId: string }
let owner: string
beforeEach(async () => {
  const conversation = await store.createConversation()
  owner = conversation.owner
  const turn = createTurnScript(database, conversation)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 1, ['one', 'two'])
  ref = { conversationId: conversation.id, turnId: turn.turnIdOf(1), callId: turn.callOf(1, 0, 0) }
})

const end = (status: 'ok' | 'error', text = 'result') =>
  finishCall(database, ref, { status, output: { text }, error: null, text }, [
    {
      key: `${ref.callId}:completed`,
      turnId: ref.turnId,
      body: { type: 'tool.completed', callId: ref.callId, status },
    },
  ])
const endStep = (stepIndex: number, step: string, output: unknown) =>
  finishStep(database, { ...ref, stepIndex, stepCount: 2, step }, storableJson(output), [])

async function countEnds(): Promise<number> {
  const { events } = await log.read(ref.conversationId, 0, 1_000)
  return events.filter(({ type }) => type === 'tool.completed').length
}

test('gives a try what it needs, and stores its end', async () => {
  expect(await beginToolTry(database, ref.callId, null)).toEqual({
    outcome: 'run',
    name: 'time_now',
    arguments: '{}',
    failed: 0,
    lost: 0,
    owner,
    wallet: null,
    chainId: null,
    cancelling: false,
    readsOn: true,
    stepDone: false,
    earlier: {},
  })
  expect(await end('ok')).toBe('ok')
  expect(await beginToolTry(database, ref.callId, null)).toEqual({ outcome: 'done', status: 'ok' })
})

test('behavior: a call ends once, with the first status', async () => {
  const statuses = await Promise.all([end('ok'), end('error'), end('ok'), end('error')])
  expect(new Set(statuses).size).toBe(1)
  expect(await countEnds()).toBe(1)
})

test('behavior: calls that end together end once each, with one append', async () => {
  const conversation = await store.createConversation()
  const turn = createTurnScript(database, conversation)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 3)
  await turn.endCall(1, 0, 1)
  const calls = [0, 1, 2].map((index) => turn.callOf(1, 0, index))
  const { conversationId } = turn
  const turnId = turn.turnIdOf(1)
  const ended = calls.map((callId) => ({
    callId,
    end: { status: 'error', output: undefined, error: null, text: 'late' } as const,
    events: [
      {
        key: `${callId}:completed`,
        turnId,
        body: { type: 'tool.completed', callId, status: 'error' } as const,
      },
    ],
  }))
  const write = () => finishCalls(database, { conversationId, turnId }, ended)
  const statuses = new Map(calls.map((callId, index) => [callId, index === 1 ? 'ok' : 'error']))
  expect(await write()).toEqual(statuses)
  expect(await write()).toEqual(statuses)
  const events = (await turn.readEvents()).filter(({ type }) => type === 'tool.completed')
  expect(events).toMatchObject([
    { callId: calls[1], status: 'ok' },
    { callId: calls[0], status: 'error' },
    { callId: calls[2], status: 'error' },
  ])
})

test('behavior: tells tries that failed from tries that took their worker with them', async () => {
  await beginToolTry(database, ref.callId, null)
  await endToolTry(database, ref.callId, true)
  await beginToolTry(database, ref.callId, null)
  expect(await beginToolTry(database, ref.callId, null)).toMatchObject({ failed: 1, lost: 1 })
})

test('behavior: a try that was handed over does not count', async () => {
  await beginToolTry(database, ref.callId, null)
  await endToolTry(database, ref.callId, false)
  expect(await beginToolTry(database, ref.callId, null)).toMatchObject({ failed: 0, lost: 0 })
})

test('behavior: a step gets what earlier steps returned, and starts with fresh tries', async () => {
  await beginToolTry(database, ref.callId, 0)
  await beginToolTry(database, ref.callId, 0)
  expect(await endStep(0, 'one', { a: 'x\0' })).toBe(true)
  expect(await beginToolTry(database, ref.callId, 1)).toMatchObject({
    lost: 0,
    stepDone: false,
    earlier: { one: { a: 'x\uFFFD' } },
  })
})

test('behavior: the first output of a step stands', async () => {
  await endStep(0, 'one', 'first')
  await endStep(0, 'one', 'second')
  expect(await beginToolTry(database, ref.callId, 1)).toMatchObject({ earlier: { one: 'first' } })
})

test('behavior: a step that is done is told with its own output', async () => {
  await endStep(0, 'one', 1)
  await endStep(1, 'two', null)
  expect(await beginToolTry(database, ref.callId, 1)).toMatchObject({
    stepDone: true,
    earlier: { one: 1, two: null },
  })
})

test('behavior: a call of a turn that is being stopped is told so', async () => {
  await stopTurn(database, owner, ref.conversationId, undefined)
  expect(await beginToolTry(database, ref.callId, null)).toMatchObject({ cancelling: true })
})

test('behavior: nothing is stored after the turn has ended the call', async () => {
  const error = { code: 'stopped', message: 'Stopped.', retryable: true }
  const event = {
    key: `${ref.callId}:completed`,
    turnId: ref.turnId,
    body: { type: 'tool.completed' as const, callId: ref.callId, status: 'cancelled' as const },
  }
  await finishTurn(database, {
    conversationId: ref.conversationId,
    turnId: ref.turnId,
    openCallStatus: 'cancelled',
    openCalls: [{ callId: ref.callId, error, text: 'stopped', event }],
    events: [],
  })
  expect(await endStep(0, 'one', 1)).toBe(false)
  expect(await end('ok')).toBe('cancelled')
  expect(await countEnds()).toBe(1)
})

test('error: a call that does not exist', async () => {
  expect(await beginToolTry(database, 'nothing', null)).toEqual({ outcome: 'missing' })
})
