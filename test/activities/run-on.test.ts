import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { runOn } from '../../src/activities/run-on.ts'
import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const first: RoundRef = {
  conversationId: 'c',
  turnId: 'c.t1',
  trigger: 'user',
  messageIds: ['m'],
  round: 2,
  steered: ['s'],
  compacted: true,
}
const finished: RoundOutcome = { kind: 'finished', outcome: 'success', model: 'm' }

function tools(...ran: string[]): Extract<RoundOutcome, { kind: 'tools' }> {
  return {
    kind: 'tools',
    calls: [],
    limits: { rounds: 25, deadlineMs: Date.now() + 60_000 },
    model: 'm',
    ran,
  }
}

/** Rounds that end so, and what was asked of them. */
function createRounds(...outcomes: (RoundOutcome | undefined)[]) {
  const asked: [RoundRef, boolean][] = []
  return {
    asked,
    run: async (round: RoundRef, isJoinable: boolean) => {
      asked.push([round, isJoinable])
      return outcomes[asked.length - 1]
    },
  }
}

const scope = { signal: new AbortController().signal }

test('goes on while the calls of a round have ended, and tells of all of them', async () => {
  const { asked, run } = createRounds(tools('a: ok'), tools('b: error'), finished)
  expect(await runOn(first, scope, run)).toEqual({ ...finished, ran: ['a: ok', 'b: error'] })
  const { steered: _steered, compacted: _compacted, ...plain } = first
  expect(asked).toEqual([
    [first, true],
    [{ ...plain, round: 3 }, false],
    [{ ...plain, round: 4 }, false],
  ])
})

test('leaves calls that have not ended to the workflow, with their round', async () => {
  const open = { ...tools(), calls: [scheduledCall('x')] }
  expect(await runOn(first, scope, createRounds(open).run)).toEqual(open)
  const { run } = createRounds(tools('a: ok'), open)
  expect(await runOn(first, scope, run)).toEqual({ ...open, round: 3, ran: ['a: ok'] })
})

test('behavior: a round that is joined or too long is left to the workflow', async () => {
  for (const outcome of [undefined, { kind: 'compact' } as const]) {
    const { run } = createRounds(tools('a: ok'), outcome)
    expect(await runOn(first, scope, run)).toEqual(tools('a: ok'))
  }
  const { run } = createRounds(tools('a: ok'), tools('b: ok'), undefined)
  expect(await runOn(first, scope, run)).toEqual({ ...tools('a: ok', 'b: ok'), round: 3 })
})

test('behavior: what came too late to join the first round is told, however far it goes on', async () => {
  const late = { ...tools('a: ok'), unjoined: ['s'] }
  expect(await runOn(first, scope, createRounds(late, undefined).run)).toEqual(late)
  expect(await runOn(first, scope, createRounds(late, finished).run)).toEqual({
    ...finished,
    unjoined: ['s'],
    ran: ['a: ok'],
  })
})

test('behavior: a turn that is over by then is told so', async () => {
  const { run } = createRounds(tools(), { kind: 'nothing' })
  expect(await runOn(first, scope, run)).toEqual({ kind: 'nothing' })
})

type Reach = (outcome: ReturnType<typeof tools>) => unknown
const bounds: [string, Reach][] = [
  ['the limit of rounds', ({ limits }) => (limits.rounds = 3)],
  ['the end of the turn’s time', ({ limits }) => (limits.deadlineMs = Date.now())],
  ['its moment', () => vi.advanceTimersByTime(5_000)],
]

test.for(bounds)('behavior: goes on no further than %s', async ([, reach]) => {
  const outcome = tools('a: ok')
  const run = vi.fn<() => Promise<RoundOutcome>>(async () => {
    reach(outcome)
    return outcome
  })
  expect(await runOn(first, scope, run)).toEqual(outcome)
  expect(run).toHaveBeenCalledTimes(1)
})

test('behavior: one that is interrupted begins no other round', async () => {
  const controller = new AbortController()
  const run = vi.fn<() => Promise<RoundOutcome>>(async () => {
    controller.abort()
    return tools()
  })
  await runOn(first, controller, run)
  expect(run).toHaveBeenCalledTimes(1)
})
