import { expect, test } from 'vitest'

import type { RoundRef } from '../../src/contracts/turn.ts'
import { type Engine, type EngineConversation, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools } from './turn-suite.ts'

/** Messages that come while a turn runs, in the real engine. */
export function busySuite(engine: () => Engine): void {
  /** Runs tool `a` of turn 1 until its gate opens; keeps which messages each round was given. */
  async function openBusy() {
    const gate = Promise.withResolvers<void>()
    const rounds: string[] = []
    const conversation = engine().open({
      async callModel({ turnId, round, messageIds, steered = [] }: RoundRef) {
        rounds.push(`${turnId.split('.').at(-1)} ${round}: ${[...messageIds, ...steered].join(' ')}`)
        return turnId.endsWith('t1') && round === 0 ? askTools(scheduledCall('a')) : success
      },
      async runTool() {
        await Promise.race([gate.promise, untilCancelled()])
        return { status: 'ok' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('runTool a')
    return { conversation, rounds, release: gate.resolve }
  }

  async function queuedAfter(conversation: EngineConversation): Promise<number> {
    return (await conversation.status()).queued
  }

  test('steer joins the turn before its next model call', async () => {
    const { conversation, rounds, release } = await openBusy()
    await conversation.post('m2')
    await conversation.post('m3', { busyPolicy: 'steer' })
    await conversation.post('m4', { busyPolicy: 'steer' })
    expect(await queuedAfter(conversation)).toBe(3)
    release()
    await conversation.untilIdle(2)
    expect(rounds).toEqual(['t1 0: m1', 't1 1: m1 m3 m4', 't2 0: m2'])
  })

  test('behavior: steer starts the next turn when the running one makes no further model call', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel({ turnId }) {
        if (turnId.endsWith('t1')) await gate.promise
        return success
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.post('m2', { busyPolicy: 'steer' })
    gate.resolve()
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'callModel t2 0'])
  })

  test('behavior: steer that joined a model call which came to nothing starts a turn of its own', async () => {
    const given: (string[] | undefined)[] = []
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel({ turnId, round, steered, messageIds }) {
        given.push(steered ?? messageIds)
        if (turnId.endsWith('t1') && round === 0) return askTools(scheduledCall('a'))
        return turnId.endsWith('t1') ? { kind: 'nothing' } : success
      },
      async runTool() {
        await gate.promise
        return { status: 'ok' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('runTool a')
    await conversation.post('m2', { busyPolicy: 'steer' })
    gate.resolve()
    await conversation.untilIdle(2)
    expect(given).toEqual([['m1'], ['m2'], ['m2']])
  })

  test('interrupt stops the turn and runs next', async () => {
    const { conversation, rounds } = await openBusy()
    await conversation.post('m2')
    await conversation.post('m3', { busyPolicy: 'interrupt' })
    await conversation.untilIdle(3)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'runTool a',
      'finishTurn t1 cancelled stopped',
      'callModel t2 0',
      'callModel t3 0',
    ])
    expect(rounds.slice(1)).toEqual(['t2 0: m3', 't3 0: m2'])
  })

  test('behavior: interrupt stops a turn that waits for its model', async () => {
    const conversation = engine().open({
      callModel: ({ turnId }) => (turnId.endsWith('t1') ? untilCancelled() : Promise.resolve(success)),
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.post('m2', { busyPolicy: 'interrupt' })
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'finishTurn t1 cancelled stopped',
      'callModel t2 0',
    ])
  })

  test('behavior: of several that interrupt each is answered, and only the last one runs on', async () => {
    const { conversation } = await openBusy()
    const posted = ['m2', 'm3', 'm4'].map((id) => conversation.post(id, { busyPolicy: 'interrupt' }))
    await Promise.all(posted)
    await conversation.untilIdle(4)
    expect(conversation.asked.at(-1)).toBe('callModel t4 0')
    expect(conversation.asked.filter((what) => what.startsWith('finishTurn'))).toContain(
      'finishTurn t1 cancelled stopped',
    )
  })

  test('behavior: an interrupting message that is signalled again interrupts nothing', async () => {
    const { conversation, release } = await openBusy()
    await conversation.post('m2', { busyPolicy: 'queue' })
    await conversation.post('m2', { busyPolicy: 'interrupt' })
    await conversation.post('m1', { busyPolicy: 'interrupt' })
    release()
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'runTool a', 'callModel t1 1', 'callModel t2 0'])
  })

  test('a message that is withdrawn is not answered', async () => {
    const { conversation, rounds, release } = await openBusy()
    await conversation.post('m2')
    await conversation.post('m3', { busyPolicy: 'steer' })
    await conversation.post('m4')
    await conversation.withdraw('m2')
    await conversation.withdraw('m3')
    expect(await queuedAfter(conversation)).toBe(1)
    release()
    await conversation.untilIdle(2)
    expect(rounds).toEqual(['t1 0: m1', 't1 1: m1', 't2 0: m4'])
  })

  test('behavior: a withdrawal that comes before its message, or after its turn began, changes nothing', async () => {
    const { conversation, rounds, release } = await openBusy()
    await conversation.withdraw('m2')
    await conversation.withdraw('m1')
    await conversation.post('m2')
    await conversation.post('m3')
    release()
    await conversation.untilIdle(2)
    expect(rounds).toEqual(['t1 0: m1', 't1 1: m1', 't2 0: m3'])
  })
}
