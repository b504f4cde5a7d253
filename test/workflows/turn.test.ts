import fc from 'fast-check'
import { expect, test } from 'vitest'

import { roundLimit, toolCallLimit } from '../../src/contracts/limits.ts'
import type { ScheduledCall } from '../../src/contracts/tool-call.ts'
import type { CarriedTurn, RoundRef, TurnLimits } from '../../src/contracts/turn.ts'
import { type ModelOutcome, runTurn, type TurnPorts } from '../../src/workflows/turn.ts'
import { scheduledCall } from './scheduled-call.ts'

const limits: TurnLimits = { rounds: roundLimit, deadlineMs: 1_000 }
const turn: CarriedTurn = {
  turn: { conversationId: 'c', turnId: 'c.t1', trigger: 'user', messageIds: ['m1'] },
  round: 0,
  limits: null,
}
const success: ModelOutcome = { kind: 'finished', outcome: 'success', model: 'scripted/demo' }

function tools(...calls: ScheduledCall[]): Extract<ModelOutcome, { kind: 'tools' }> {
  return { kind: 'tools', calls, limits, model: 'scripted/demo' }
}

/** Ports that answer with these replies, the last one for ever, and keep what they were asked. */
function scriptedPorts(replies: readonly ModelOutcome[], changes: Partial<TurnPorts> = {}) {
  const rounds: RoundRef[] = []
  const ran: string[] = []
  const ports: TurnPorts = {
    async callModel(round) {
      rounds.push(round)
      return replies[Math.min(rounds.length, replies.length) - 1] ?? success
    },
    async runToolCall({ callId }) {
      ran.push(callId)
      return { status: 'ok' }
    },
    takeJoining: () => [],
    mustCut: () => false,
    now: () => 0,
    waitedMs: () => 0,
    ...changes,
  }
  return { ports, rounds, ran }
}

test('ends with the reply that asks for no tools', async () => {
  const { ports, rounds, ran } = scriptedPorts([tools(scheduledCall('a')), success])
  expect(await runTurn(turn, ports)).toEqual({ kind: 'ended', end: { outcome: 'success', written: true } })
  expect(rounds.map(({ round }) => round)).toEqual([0, 1])
  expect(rounds[0]).toEqual({ ...turn.turn, round: 0 })
  expect(ran).toEqual(['a'])
})

test('behavior: goes on behind the last round of an activity that has run several', async () => {
  const { ports, rounds } = scriptedPorts([{ ...tools(scheduledCall('a')), round: 3 }, success])
  await runTurn(turn, ports)
  expect(rounds.map(({ round }) => round)).toEqual([0, 4])
})

test('behavior: the calls of one reply run at the same time, the next round after the last of them', async () => {
  const order: string[] = []
  const gates = new Map(['a', 'b'].map((callId) => [callId, Promise.withResolvers<void>()]))
  const begun = Promise.withResolvers<void>()
  const { ports } = scriptedPorts([tools(scheduledCall('a'), scheduledCall('b')), success], {
    async runToolCall({ callId }) {
      order.push(`begin ${callId}`)
      if (callId === 'b') begun.resolve()
      await gates.get(callId)?.promise
      order.push(`end ${callId}`)
      return { status: 'ok' }
    },
  })
  const { callModel } = ports
  const running = runTurn(turn, {
    ...ports,
    callModel(round) {
      order.push(`round ${round.round}`)
      return callModel(round)
    },
  })
  await begun.promise
  gates.get('b')?.resolve()
  gates.get('a')?.resolve()
  await running
  expect(order).toEqual(['round 0', 'begin a', 'begin b', 'end b', 'end a', 'round 1'])
})

test('behavior: a failed tool does not end the turn', async () => {
  const { ports, rounds } = scriptedPorts([tools(scheduledCall('a')), success], {
    runToolCall: async () => ({ status: 'error' }),
  })
  expect(await runTurn(turn, ports)).toMatchObject({ end: { outcome: 'success' } })
  expect(rounds).toHaveLength(2)
})

test('behavior: a reply whose calls all failed before they began is answered by another round', async () => {
  const { ports, rounds } = scriptedPorts([tools(), success])
  await runTurn(turn, ports)
  expect(rounds).toHaveLength(2)
})

test('behavior: at most 32 calls of one reply run', async () => {
  const calls = Array.from({ length: 40 }, (_, index) => scheduledCall(`c${index}`))
  const { ports, ran } = scriptedPorts([tools(...calls), success])
  await runTurn(turn, ports)
  expect(ran).toEqual(calls.slice(0, toolCallLimit).map(({ callId }) => callId))
})

test('behavior: messages that were answered before end the turn without a word', async () => {
  const { ports } = scriptedPorts([{ kind: 'nothing' }])
  expect(await runTurn(turn, ports)).toEqual({ kind: 'ended', end: { outcome: 'success', written: true } })
})

test('behavior: the outcome and code of the last reply are those of the turn', async () => {
  const { ports } = scriptedPorts([{ kind: 'finished', outcome: 'error', code: 'model_silent' }])
  const end = { outcome: 'error', code: 'model_silent', written: true }
  expect(await runTurn(turn, ports)).toEqual({ kind: 'ended', end })
})

test('behavior: is cut at a round boundary and goes on from there', async () => {
  const first = scriptedPorts([tools(scheduledCall('a')), success], { mustCut: () => true })
  const exit = await runTurn(turn, first.ports)
  expect(exit).toEqual({ kind: 'cut', carried: { turn: turn.turn, round: 1, limits } })
  expect(first.ran).toEqual(['a'])

  if (exit.kind !== 'cut') throw new Error('The turn was not cut.')
  const second = scriptedPorts([success], { mustCut: () => true })
  expect(await runTurn(exit.carried, second.ports)).toMatchObject({ kind: 'ended' })
  expect(second.rounds.map(({ round }) => round)).toEqual([1])
})

test('behavior: messages that steer join before the next model call, each once', async () => {
  const waiting = [['m2', 'm3'], [], ['m4']]
  const { ports, rounds } = scriptedPorts([tools(), tools(), success], {
    takeJoining: () => waiting.shift() ?? [],
  })
  await runTurn(turn, ports)
  expect(rounds.map(({ steered }) => steered)).toEqual([['m2', 'm3'], undefined, ['m4']])
})

test('behavior: nothing joins a turn that has met a limit or is cut', async () => {
  let taken = 0
  const takeJoining = () => {
    taken += 1
    return []
  }
  await runTurn({ ...turn, round: 24, limits }, scriptedPorts([tools()], { takeJoining }).ports)
  await runTurn(turn, scriptedPorts([tools()], { takeJoining, mustCut: () => true }).ports)
  expect(taken).toBe(2)
})

test('behavior: is cut while calls wait for people, with what they wait for', async () => {
  const later = { requestId: 'c.q1', kind: 'question', expiresAtMs: 9 } as const
  const calls = [scheduledCall('a'), scheduledCall('b'), scheduledCall('c')]
  const { ports, rounds } = scriptedPorts([tools(...calls)], {
    runToolCall: async ({ callId }) =>
      callId === 'a' ? { status: 'ok' } : { status: 'waiting', request: { ...later, requestId: callId } },
  })
  const waiting = calls.slice(1).map((call) => ({ ...call, request: { ...later, requestId: call.callId } }))
  expect(await runTurn(turn, ports)).toEqual({
    kind: 'cut',
    carried: { turn: turn.turn, round: 1, limits, calls: waiting },
  })
  expect(rounds).toHaveLength(1)
})

test('behavior: carried calls end before the next round', async () => {
  const { ports, rounds, ran } = scriptedPorts([success], { mustCut: () => true })
  const exit = await runTurn({ ...turn, round: 3, limits, calls: [scheduledCall('a')] }, ports)
  expect(exit).toMatchObject({ kind: 'ended', end: { outcome: 'success' } })
  expect(ran).toEqual(['a'])
  expect(rounds.map(({ round }) => round)).toEqual([3])
})

test('behavior: the time of a turn does not run while it waits for people', async () => {
  const clock = { nowMs: 0, waitedMs: 0 }
  const { ports, rounds } = scriptedPorts([tools(scheduledCall('a')), tools(scheduledCall('b')), success], {
    now: () => clock.nowMs,
    waitedMs: () => clock.waitedMs,
    async runToolCall() {
      clock.nowMs += 5_400
      clock.waitedMs += 5_000
      return { status: 'ok' }
    },
  })
  expect(await runTurn(turn, ports)).toMatchObject({ end: { code: 'turn_time_limit' } })
  expect(rounds).toHaveLength(2)
})

test('behavior: what a turn has waited before it is cut is carried with its limits', async () => {
  const clock = { waitedMs: 700 }
  const { ports } = scriptedPorts([tools(scheduledCall('a'))], {
    waitedMs: () => clock.waitedMs,
    async runToolCall() {
      clock.waitedMs += 300
      return { status: 'waiting', request: { requestId: 'q', kind: 'question', expiresAtMs: 9 } }
    },
  })
  expect(await runTurn(turn, ports)).toMatchObject({ carried: { limits: { ...limits, deadlineMs: 1_300 } } })
})

test('error: 25 rounds end with too_many_rounds', async () => {
  const { ports, rounds } = scriptedPorts([tools(scheduledCall('a'))])
  const end = { outcome: 'limit', code: 'too_many_rounds', written: false }
  expect(await runTurn(turn, ports)).toEqual({ kind: 'ended', end })
  expect(rounds).toHaveLength(roundLimit)
})

test('error: too_many_rounds counts the rounds before a cut', async () => {
  const { ports, rounds } = scriptedPorts([tools(scheduledCall('a'))])
  const exit = await runTurn({ ...turn, round: 24, limits }, ports)
  expect(exit).toMatchObject({ end: { code: 'too_many_rounds' } })
  expect(rounds).toHaveLength(1)
})

test('error: the deadline ends with turn_time_limit, between rounds only', async () => {
  let nowMs = 0
  const { ports, rounds } = scriptedPorts([tools(scheduledCall('a'))], {
    now: () => nowMs,
    async runToolCall() {
      nowMs += 400
      return { status: 'ok' }
    },
  })
  const end = { outcome: 'limit', code: 'turn_time_limit', written: false }
  expect(await runTurn(turn, ports)).toEqual({ kind: 'ended', end })
  expect(rounds).toHaveLength(3)
})

test('error: what a port throws leaves the loop', async () => {
  const stopped = new Error('cancelled')
  const { ports } = scriptedPorts([], { callModel: () => Promise.reject(stopped) })
  await expect(runTurn(turn, ports)).rejects.toBe(stopped)
})

test('property: whatever the ports answer, the turn ends, is cut, or leaves by their exception', async () => {
  const anyCall = fc.integer({ min: 0, max: 9 }).map((id) => scheduledCall(`c${id}`))
  const anyOutcome: fc.Arbitrary<ModelOutcome | Error> = fc.oneof(
    fc.record({
      kind: fc.constant('tools' as const),
      calls: fc.array(anyCall, { maxLength: 40 }),
      limits: fc.record({ rounds: fc.integer({ min: 1, max: 30 }), deadlineMs: fc.integer({ max: 500 }) }),
      model: fc.constant('m'),
    }),
    fc.constantFrom<ModelOutcome | Error>(success, { kind: 'nothing' }, new Error('port')),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(anyOutcome), fc.infiniteStream(fc.boolean()), async (outcomes, cuts) => {
      let asked = 0
      const { ports } = scriptedPorts([], {
        mustCut: () => cuts.next().value,
        now: () => asked,
        async callModel() {
          const outcome = outcomes[asked++] ?? tools(scheduledCall('last'))
          if (outcome instanceof Error) throw outcome
          return outcome
        },
      })
      const exit = await runTurn(turn, ports).then(
        ({ kind }) => kind,
        (error: unknown) => String(error),
      )
      expect(['ended', 'cut', 'Error: port']).toContain(exit)
      expect(asked).toBeLessThanOrEqual(30 + outcomes.length)
    }),
  )
})
