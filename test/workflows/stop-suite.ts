import { Context } from '@temporalio/activity'
import { expect, test } from 'vitest'

import { type Engine, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools, toolsFirst } from './turn-suite.ts'

/** Stop in the real engine, whenever it comes. */
export function stopSuite(engine: () => Engine): void {
  test('stops a model call that says so itself', async () => {
    const conversation = engine().open({
      async callModel({ turnId }) {
        if (!turnId.endsWith('t1')) return success
        await untilCancelled().catch(() => {})
        return { kind: 'finished', outcome: 'cancelled', code: 'stopped' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'callModel t2 0'])
  })

  test('behavior: a model call that was cancelled away gets its turn ended', async () => {
    const conversation = engine().open({ callModel: untilCancelled })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.stop()
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'finishTurn t1 cancelled stopped'])
  })

  test('behavior: stops all tools, and asks the model no more', async () => {
    const conversation = engine().open({
      callModel: toolsFirst(scheduledCall('a'), scheduledCall('b'), scheduledCall('s', ['one', 'two'])),
      runTool: untilCancelled,
      runToolStep: untilCancelled,
    })
    await conversation.post('m1')
    await Promise.all(['runTool a', 'runTool b', 'runToolStep s one'].map(conversation.untilAsked))
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    expect(conversation.asked.slice(-1)).toEqual(['finishTurn t1 cancelled stopped'])
    expect(conversation.asked).not.toContain('callModel t1 1')
    expect(conversation.asked).not.toContain('runToolStep s two')
    const { calls } = await conversation.progress()
    expect(calls.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  test('behavior: is cancelling until the turn has ended', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel() {
        await untilCancelled().catch(() => {})
        await gate.promise
        return { kind: 'finished', outcome: 'cancelled', code: 'stopped' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.stop('t1')
    const during = await conversation.status()
    gate.resolve()
    await conversation.untilIdle(1)
    expect(during.state).toBe('cancelling')
  })

  test('behavior: a stop of another turn, or of none, stops nothing', async () => {
    const gate = Promise.withResolvers<void>()
    let cancelled = false
    const conversation = engine().open({
      async callModel() {
        await gate.promise
        cancelled ||= Context.current().cancellationSignal.aborted
        return success
      },
    })
    await conversation.stop()
    await conversation.stop('t1')
    // Of signals that come in a run's first task, messages are handled before Stops.
    await conversation.status()
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.stop('t7')
    gate.resolve()
    await conversation.untilIdle(1)
    await conversation.stop('t1')
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'callModel t2 0'])
    expect(cancelled).toBe(false)
  })

  test('behavior: queued messages are answered after a stop', async () => {
    const conversation = engine().open({
      callModel: ({ turnId }) => (turnId.endsWith('t1') ? untilCancelled() : Promise.resolve(success)),
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    await conversation.post('m2')
    await conversation.stop('t1')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'finishTurn t1 cancelled stopped',
      'callModel t2 0',
    ])
  })

  test('behavior: a stop between rounds ends the turn before the next one', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel({ round }) {
        if (round === 0) return askTools(scheduledCall('a'))
        return success
      },
      async runTool() {
        await gate.promise
        return { status: 'ok' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('runTool a')
    await conversation.stop('t1')
    gate.resolve()
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'runTool a', 'finishTurn t1 cancelled stopped'])
  })
}
