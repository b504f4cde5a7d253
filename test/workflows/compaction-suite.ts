import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'

import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'
import { type Engine, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools } from './turn-suite.ts'

const nothing: RoundOutcome = { kind: 'nothing' }

/** Asks to be summed up before each round of the first turn. */
async function compactFirst({ turnId, compacted }: RoundRef): Promise<RoundOutcome> {
  return turnId.endsWith('t1') && compacted === undefined ? { kind: 'compact' } : success
}

/** Summing up in the real engine. */
export function compactionSuite(engine: () => Engine): void {
  test('a round that is too long is summed up, and goes on', async () => {
    const rounds: RoundRef[] = []
    const conversation = engine().open({
      async callModel(round) {
        rounds.push(round)
        if (round.compacted === undefined) return { kind: 'compact' }
        return round.round === 0 ? askTools(scheduledCall('a')) : success
      },
      compactHistory: async () => nothing,
    })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'compactHistory t1 0',
      'callModel t1 0',
      'runTool a',
      'callModel t1 1',
      'compactHistory t1 1',
      'callModel t1 1',
    ])
    expect(rounds.map(({ compacted }) => compacted)).toEqual([undefined, true, undefined, true])
  })

  test('behavior: it goes on also when that fails', async () => {
    const conversation = engine().open({
      callModel: compactFirst,
      async compactHistory() {
        throw ApplicationFailure.nonRetryable('broken')
      },
    })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'compactHistory t1 0', 'callModel t1 0'])
  })

  test('behavior: Stop ends it, and the next message works', async () => {
    const conversation = engine().open({ callModel: compactFirst, compactHistory: untilCancelled })
    await conversation.post('m1')
    await conversation.untilAsked('compactHistory t1 0')
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'compactHistory t1 0',
      'finishTurn t1 cancelled stopped',
      'callModel t2 0',
    ])
  })

  test('behavior: messages that joined the turn before are not asked again', async () => {
    const gate = Promise.withResolvers<void>()
    const joined: (readonly string[] | undefined)[] = []
    const conversation = engine().open({
      async callModel({ round, steered, compacted }) {
        joined.push(steered)
        if (round === 0) return askTools(scheduledCall('a'))
        return compacted === undefined ? { kind: 'compact' } : success
      },
      async runTool() {
        await gate.promise
        return { status: 'ok' }
      },
      compactHistory: untilCancelled,
    })
    await conversation.post('m1')
    await conversation.untilAsked('runTool a')
    await conversation.post('m2', { busyPolicy: 'steer' })
    gate.resolve()
    await conversation.untilAsked('compactHistory t1 1')
    await conversation.stop('t1')
    expect(await conversation.untilIdle(1)).toMatchObject({ turns: 1, queued: 0 })
    expect(joined).toEqual([undefined, ['m2']])
  })

  test('on demand: begins a conversation without a message', async () => {
    const rounds: RoundRef[] = []
    const conversation = engine().open({
      async compactHistory(round) {
        rounds.push(round)
        return success
      },
    })
    await conversation.compact('k1')
    expect(await conversation.untilIdle(1)).toMatchObject({ turns: 1 })
    expect(conversation.asked).toEqual(['compactHistory t1 0'])
    expect(rounds).toMatchObject([{ trigger: 'system', purpose: 'compact', messageIds: [], round: 0 }])
    expect(await conversation.details()).toContain('the last one: success')
  })

  test('on demand: waits in its place, once, however often it is asked for', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel({ turnId }) {
        if (turnId.endsWith('t1')) await gate.promise
        return success
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.post('m2')
    for (const asking of ['k3', 'k3', 'k4']) await conversation.compact(asking)
    await conversation.post('m5')
    expect(await conversation.details()).toContain('2 messages queued\n\nIt is to be summed up')
    gate.resolve()
    expect(await conversation.untilIdle(4)).toMatchObject({ turns: 4 })
    expect(conversation.asked.slice(1)).toEqual(['callModel t2 0', 'compactHistory t3 0', 'callModel t4 0'])
  })

  test('on demand: shows what it does, and can be asked for again while it runs', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async compactHistory({ turnId }) {
        if (turnId.endsWith('t1')) await gate.promise
        return success
      },
    })
    await conversation.compact('k1')
    await conversation.untilAsked('compactHistory t1 0')
    await conversation.compact('k2')
    expect(await conversation.details()).toContain('running: sums up the older part')
    gate.resolve()
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['compactHistory t1 0', 'compactHistory t2 0'])
    expect(await conversation.details()).not.toContain('sums up')
  })

  test('on demand: Stop ends it, and its turn', async () => {
    const conversation = engine().open({ compactHistory: untilCancelled })
    await conversation.compact('k1')
    await conversation.untilAsked('compactHistory t1 0')
    await conversation.stop()
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['compactHistory t1 0', 'finishTurn t1 cancelled stopped'])
  })

  test('on demand: a message that steers waits for its end', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async compactHistory() {
        await gate.promise
        return success
      },
    })
    await conversation.compact('k1')
    await conversation.untilAsked('compactHistory t1 0')
    await conversation.post('m2', { busyPolicy: 'steer' })
    gate.resolve()
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['compactHistory t1 0', 'callModel t2 0'])
  })

  test('on demand: a message that interrupts ends it, and takes those along that steer', async () => {
    const joined: (readonly string[] | undefined)[] = []
    const conversation = engine().open({
      compactHistory: untilCancelled,
      async callModel({ steered }) {
        joined.push(steered)
        return success
      },
    })
    await conversation.compact('k1')
    await conversation.untilAsked('compactHistory t1 0')
    await conversation.post('m2', { busyPolicy: 'steer' })
    await conversation.post('m3', { busyPolicy: 'interrupt' })
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual([
      'compactHistory t1 0',
      'finishTurn t1 cancelled stopped',
      'callModel t2 0',
    ])
    expect(joined).toEqual([['m2']])
  })

  test('on demand: a failure ends its turn and nothing else', async () => {
    const conversation = engine().open({ compactHistory: async () => ({ kind: 'compact' }) })
    await conversation.compact('k1')
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual([
      'compactHistory t1 0',
      'finishTurn t1 error internal',
      'callModel t2 0',
    ])
  })

  test('on demand: an asking goes on into a new run, with its purpose', async () => {
    const conversation = engine().open(
      {},
      { turns: 1, carried: { queue: [{ messageId: 'k2', position: 2, purpose: 'compact' }], seen: ['k2'] } },
    )
    await conversation.compact('k2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['compactHistory t2 0'])
  })
}
