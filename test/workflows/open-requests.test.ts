import { describe, expect, test } from 'vitest'

import type { AnswerRef, RequestRef } from '../../src/contracts/human-request.ts'
import type { Turn } from '../../src/contracts/turn.ts'
import { OpenRequests } from '../../src/workflows/open-requests.ts'
import { FakeCancellation, FakeEngine } from './fake-engine.ts'

const turn: Turn = { conversationId: 'c', turnId: 'c.t1', trigger: 'user', messageIds: ['m1'] }
const question: RequestRef = { requestId: 'q', kind: 'question', expiresAtMs: 1_000 }
const permission: RequestRef = { requestId: 'p', kind: 'permission', expiresAtMs: 2_000 }
const yes: AnswerRef = { requestId: 'q', answerId: 'yes', outcome: 'answered' }
const no: AnswerRef = { requestId: 'q', answerId: 'no', outcome: 'rejected' }
const resolution = { calls: { a: 'run' as const } }

function openRequests(mustPark: () => boolean = () => false) {
  const engine = new FakeEngine()
  return { engine, requests: new OpenRequests(engine, mustPark) }
}

/** Lets whatever can go on do so. */
async function settle(engine: FakeEngine): Promise<void> {
  do await new Promise(setImmediate)
  while (engine.sweep())
}

function listWrites({ pending }: FakeEngine): (string | null)[] {
  return [...pending.values()].map(({ asked }) =>
    asked.kind === 'resolveRequest' ? asked.request.answerId : asked.kind,
  )
}

async function endWrites(engine: FakeEngine): Promise<void> {
  for (const seq of engine.pending.keys()) engine.endActivity(seq, { value: resolution })
  await settle(engine)
}

test('waits for an answer, writes it, and tells what it means', async () => {
  const { engine, requests } = openRequests()
  const asked = requests.ask(turn, question)
  requests.assertAnswerable(yes, false)
  expect(requests.answer(yes)).toEqual({ requestId: 'q', outcome: 'answered' })
  await settle(engine)
  expect(listWrites(engine)).toEqual(['yes'])
  await endWrites(engine)
  expect(await asked).toEqual(resolution)
  expect(requests.list()).toEqual([])
})

test('behavior: calls that share a request wait for one answer, which is written once', async () => {
  const { engine, requests } = openRequests()
  const asked = [requests.ask(turn, question), requests.ask(turn, question)]
  requests.answer(yes)
  await settle(engine)
  expect(listWrites(engine)).toEqual(['yes'])
  await endWrites(engine)
  expect(await Promise.all(asked)).toEqual([resolution, resolution])
})

test('behavior: no answer in time means no', async () => {
  const { engine, requests } = openRequests()
  const asked = requests.ask(turn, question)
  expect(engine.timers.map(({ atMs }) => atMs)).toEqual([1_000])
  engine.nowMs = 1_000
  engine.fireTimer(engine.timers[0]?.seq ?? 0)
  await settle(engine)
  expect(listWrites(engine)).toEqual([null])
  await endWrites(engine)
  expect(await asked).toEqual(resolution)
})

test('behavior: a request that has expired already waits no longer than a moment', () => {
  const { engine, requests } = openRequests()
  engine.nowMs = 5_000
  void requests.ask(turn, question)
  expect(engine.timers.map(({ atMs }) => atMs)).toEqual([5_001])
})

test('behavior: lists what nobody has answered, also before anybody waits for it', () => {
  const { requests } = openRequests()
  requests.open(question)
  requests.open(permission)
  requests.open(question)
  expect(requests.list()).toEqual([question, permission])
  requests.answer(yes)
  expect(requests.list()).toEqual([permission])
  requests.clear()
  expect(requests.list()).toEqual([])
})

describe('an answer', () => {
  test('may be given again while it is written', async () => {
    const { engine, requests } = openRequests()
    void requests.ask(turn, question)
    requests.answer(yes)
    await settle(engine)
    requests.assertAnswerable(yes, false)
    expect(requests.answer(yes)).toEqual({ requestId: 'q', outcome: 'answered' })
  })

  test('behavior: is written, when it came before the turn was stopped', async () => {
    const { engine, requests } = openRequests()
    const scope = engine.openScope()
    const asked = scope.run(() => requests.ask(turn, question))
    const failure = asked.catch((error: unknown) => error)
    requests.answer(yes)
    scope.cancel()
    await settle(engine)
    expect(listWrites(engine)).toEqual(['yes'])
    await endWrites(engine)
    expect(await failure).toBeInstanceOf(FakeCancellation)
  })

  test('behavior: that an earlier run was given is written by this one', async () => {
    const { engine, requests } = openRequests()
    requests.open(question)
    requests.answer(yes)
    expect(requests.listGiven()).toEqual([yes])
    void requests.ask(turn, question)
    await settle(engine)
    expect(listWrites(engine)).toEqual(['yes'])
  })

  test('behavior: a Stop without one leaves the request to the end of the turn', async () => {
    const { engine, requests } = openRequests()
    const scope = engine.openScope()
    const asked = scope.run(() => requests.ask(turn, question))
    scope.cancel()
    await expect(asked).rejects.toThrow(FakeCancellation)
    expect(listWrites(engine)).toEqual([])
  })

  test('error: to a request that is not open is refused', () => {
    const { requests } = openRequests()
    expect(() => requests.assertAnswerable(yes, false)).toThrow(
      expect.objectContaining({ type: 'request_unknown', details: [] }),
    )
  })

  test('error: after another one is refused with what stands', () => {
    const { requests } = openRequests()
    requests.open(question)
    requests.answer(no)
    expect(() => requests.assertAnswerable(yes, false)).toThrow(
      expect.objectContaining({ type: 'request_resolved', details: ['rejected'] }),
    )
    expect(requests.answer(yes)).toEqual({ requestId: 'q', outcome: 'rejected' })
  })

  test('error: while the turn is being stopped is refused', () => {
    const { requests } = openRequests()
    requests.open(question)
    expect(() => requests.assertAnswerable(yes, true)).toThrow(
      expect.objectContaining({ type: 'request_resolved', details: ['cancelled'] }),
    )
  })

  test('error: that comes too late is refused, also while the turn is being stopped', () => {
    const { engine, requests } = openRequests()
    requests.open(question)
    engine.nowMs = 1_000
    for (const isCancelling of [false, true]) {
      expect(() => requests.assertAnswerable(yes, isCancelling)).toThrow(
        expect.objectContaining({ type: 'request_expired', details: [] }),
      )
    }
  })

  test('error: that cannot be written ends the wait with the reason', async () => {
    const { engine, requests } = openRequests()
    const asked = requests.ask(turn, question)
    requests.answer(yes)
    await settle(engine)
    for (const seq of engine.pending.keys()) engine.endActivity(seq, { error: new Error('store') })
    await expect(asked).rejects.toThrow('store')
    expect(requests.listGiven()).toEqual([])
  })
})

describe('a run that must end', () => {
  test('lets go of every call that waits, and the requests stay open', async () => {
    const { engine, requests } = openRequests(() => true)
    const asked = [requests.ask(turn, question), requests.ask(turn, question), requests.ask(turn, permission)]
    requests.parkIfNeeded()
    await settle(engine)
    expect(await Promise.all(asked)).toEqual(['parked', 'parked', 'parked'])
    expect(listWrites(engine)).toEqual([])
    expect(requests.list()).toEqual([question, permission])
  })

  test('behavior: waits for what is being written', async () => {
    const { engine, requests } = openRequests(() => true)
    const asked = requests.ask(turn, question)
    const other = requests.ask(turn, permission)
    requests.parkIfNeeded()
    engine.sweep()
    requests.answer(yes)
    await settle(engine)
    requests.parkIfNeeded()
    await settle(engine)
    expect(listWrites(engine)).toEqual(['yes'])
    await endWrites(engine)
    expect(await asked).toEqual(resolution)
    requests.parkIfNeeded()
    await settle(engine)
    expect(await other).toBe('parked')
  })

  test('behavior: a Stop in the same task wins', async () => {
    let mustPark = true
    const { engine, requests } = openRequests(() => mustPark)
    const scope = engine.openScope()
    const asked = scope.run(() => requests.ask(turn, question))
    requests.parkIfNeeded()
    engine.sweep()
    mustPark = false
    scope.cancel()
    await expect(asked).rejects.toThrow(FakeCancellation)
  })
})
