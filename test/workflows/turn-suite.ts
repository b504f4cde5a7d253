import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'

import { roundLimit } from '../../src/contracts/limits.ts'
import type { ScheduledCall } from '../../src/contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../../src/contracts/turn.ts'
import { type Engine, success } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'

export function askTools(...calls: ScheduledCall[]): RoundOutcome {
  const limits = { rounds: roundLimit, deadlineMs: Date.now() + 600_000 }
  return { kind: 'tools', calls, limits, model: 'scripted/demo' }
}

/** Asks for these calls in round 0 and is done in round 1. */
export function toolsFirst(...calls: ScheduledCall[]) {
  return async ({ round }: RoundRef) => (round === 0 ? askTools(...calls) : success)
}

/** Turns in the real engine. */
export function turnSuite(engine: () => Engine): void {
  test('answers a message with one turn', async () => {
    const conversation = engine().open()
    await conversation.post('m1')
    expect(await conversation.untilIdle(1)).toEqual({ state: 'idle', queued: 0, turns: 1 })
    expect(conversation.asked).toEqual(['callModel t1 0'])
  })

  test('behavior: a message that is signalled again is answered once', async () => {
    const conversation = engine().open()
    await Promise.all([1, 2, 3].map(() => conversation.post('m1')))
    await conversation.untilIdle(1)
    await conversation.post('m1')
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'callModel t2 0'])
  })

  test('behavior: messages that come during a turn are answered in order', async () => {
    const gate = Promise.withResolvers<void>()
    const answered: string[] = []
    const conversation = engine().open({
      async callModel({ messageIds }) {
        answered.push(...messageIds)
        await gate.promise
        return success
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    for (const message of ['m2', 'm3', 'm4']) await conversation.post(message)
    const during = await conversation.status()
    gate.resolve()
    await conversation.untilIdle(4)
    expect(during).toEqual({
      state: 'thinking',
      turnId: `${conversation.id}.t1`,
      round: 0,
      queued: 3,
      turns: 1,
    })
    expect(answered).toEqual(['m1', 'm2', 'm3', 'm4'])
  })

  test('behavior: the queries tell which step of which call runs', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      callModel: toolsFirst(scheduledCall('a'), scheduledCall('s', ['one', 'two', 'three'])),
      async runToolStep({ step }) {
        if (step === 'two') await gate.promise
        return { status: 'ok' }
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('runToolStep s two')
    const [status, during] = await Promise.all([conversation.status(), conversation.progress()])
    gate.resolve()
    await conversation.untilIdle(1)
    expect(status).toMatchObject({ state: 'tools', round: 0 })
    expect(during.turnId).toBe(`${conversation.id}.t1`)
    expect(during.calls[1]).toMatchObject({
      callId: 's',
      status: 'running',
      stepIndex: 1,
      stepCount: 3,
      steps: [
        { name: 'one', status: 'ok' },
        { name: 'two', status: 'running' },
        { name: 'three', status: 'pending' },
      ],
    })
    const after = await conversation.progress()
    expect(after.calls.map(({ status: ended }) => ended)).toEqual(['ok', 'ok'])
  })

  test('behavior: a tool whose activity fails for good is a result, and the turn goes on', async () => {
    const conversation = engine().open({
      callModel: toolsFirst(scheduledCall('a'), scheduledCall('b')),
      async runTool({ callId }) {
        if (callId === 'a') throw ApplicationFailure.nonRetryable('internal', 'tool_crashed')
        return { status: 'ok' }
      },
    })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toContain('failToolCall a tool_crashed')
    expect(conversation.asked.at(-1)).toBe('callModel t1 1')
    expect((await conversation.progress()).calls.map(({ status }) => status)).toEqual(['error', 'ok'])
  })

  test('error: a model call that fails for good ends the turn, and the next message works', async () => {
    const conversation = engine().open({
      async callModel({ turnId }) {
        if (turnId.endsWith('t1')) throw ApplicationFailure.nonRetryable('internal', 'internal')
        return success
      },
    })
    await conversation.post('m1')
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['callModel t1 0', 'finishTurn t1 error internal', 'callModel t2 0'])
  })

  test('error: 25 rounds end the turn with too_many_rounds', async () => {
    const conversation = engine().open({ callModel: async () => askTools() })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toHaveLength(roundLimit + 1)
    expect(conversation.asked.at(-1)).toBe('finishTurn t1 limit too_many_rounds')
  })
}
