import { expect, test } from 'vitest'

import type { CarriedTurn, ConversationInput } from '../../src/contracts/turn.ts'
import { askingCall, resolution } from './asking-call.ts'
import { type Engine, type EngineConversation, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools, toolsFirst } from './turn-suite.ts'

/** Repeats of a message that was seen, large enough together to meet the budget of 1 MiB. */
async function fillHistory(conversation: EngineConversation, messageId: string): Promise<void> {
  for (let index = 0; index < 11; index++)
    await conversation.post(messageId, { padding: 'x'.repeat(100_000) })
}

/** The engine tells a workflow its size a little late: only a run that is over shows that it was long enough. */
async function fillRun(conversation: EngineConversation, messageId: string): Promise<void> {
  const first = await runIdOf(conversation)
  await fillHistory(conversation, messageId)
  while ((await runIdOf(conversation)) === first) await conversation.post(messageId)
}

async function runIdOf({ handle }: EngineConversation): Promise<string> {
  return (await handle.describe()).runId
}

/** Continue-as-new in the real engine. */
export function continueSuite(engine: () => Engine): void {
  test('goes on in a new run between turns, with its queue and what it has seen', async () => {
    const gate = Promise.withResolvers<void>()
    const answered: string[] = []
    const conversation = engine().open({
      async callModel({ messageIds }) {
        answered.push(...messageIds)
        if (messageIds.includes('m2')) await gate.promise
        return success
      },
    })
    await conversation.post('m1')
    await conversation.post('m2')
    await conversation.untilAsked('callModel t2 0')
    const first = await runIdOf(conversation)
    await fillHistory(conversation, 'm1')
    for (const message of ['m3', 'm4']) await conversation.post(message)
    gate.resolve()
    await conversation.untilIdle(4)
    await conversation.post('m1')
    await conversation.post('m5')
    await conversation.untilIdle(5)
    expect(await runIdOf(conversation)).not.toBe(first)
    expect(answered).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
    expect(conversation.asked.at(-1)).toBe('callModel t5 0')
  })

  test('behavior: a turn that runs long goes on in a new run, with the next round', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      async callModel({ round }) {
        if (round === 0) await gate.promise
        return round < 2 ? askTools(scheduledCall(`a${round}`)) : success
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    const first = await runIdOf(conversation)
    await fillHistory(conversation, 'm1')
    await conversation.post('m2')
    gate.resolve()
    await conversation.untilIdle(2)
    expect(await runIdOf(conversation)).not.toBe(first)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'runTool a0',
      'callModel t1 1',
      'runTool a1',
      'callModel t1 2',
      'callModel t2 0',
      'runTool a0',
      'callModel t2 1',
      'runTool a1',
      'callModel t2 2',
    ])
  })

  test('behavior: messages that arrive during the switch are answered, each once and in order', async () => {
    const gate = Promise.withResolvers<void>()
    const answered: string[] = []
    const conversation = engine().open({
      async callModel({ messageIds }) {
        answered.push(...messageIds)
        await gate.promise
        return success
      },
    })
    await conversation.post('m0')
    await conversation.untilAsked('callModel t1 0')
    const first = await runIdOf(conversation)
    await fillHistory(conversation, 'm0')
    gate.resolve()
    const sent = Array.from({ length: 30 }, (_, index) => `m${index + 1}`)
    for (const message of sent) await conversation.post(message)
    await conversation.untilIdle(31)
    expect(await runIdOf(conversation)).not.toBe(first)
    expect(answered).toEqual(['m0', ...sent])
  })

  test('behavior: a turn that was stopped is not carried into a new run', async () => {
    const conversation = engine().open({
      callModel: async () => askTools(scheduledCall('a')),
      runTool: untilCancelled,
    })
    await conversation.post('m1')
    await conversation.untilAsked('runTool a')
    await fillHistory(conversation, 'm1')
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'runTool a', 'finishTurn t1 cancelled stopped'])
  })

  /** A new run, as continue-as-new starts it: what was signalled meanwhile comes with its first task. */
  function openCut(
    activities: Parameters<Engine['open']>[0] = {},
    waiting: Pick<CarriedTurn, 'calls' | 'answers'> = {},
    carried: Partial<ConversationInput['carried']> = {},
  ): EngineConversation {
    const turn: CarriedTurn = {
      turn: { conversationId: '', turnId: '', trigger: 'user', messageIds: ['m1'] },
      round: 3,
      limits: { rounds: 25, deadlineMs: Date.now() + 600_000 },
      ...waiting,
    }
    return engine().open(activities, {
      turns: 1,
      carried: { queue: [{ messageId: 'm2', position: 2 }], seen: ['m1', 'm2'], turn, ...carried },
    })
  }

  test('behavior: a stop that arrives with the new run stops the turn that was cut', async () => {
    const conversation = openCut()
    await conversation.stop('t1')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['finishTurn t1 cancelled stopped', 'callModel t2 0'])
  })

  test('behavior: a message that arrives with the new run waits behind the carried ones', async () => {
    const answered: string[] = []
    const conversation = openCut({
      async callModel({ messageIds }) {
        answered.push(...messageIds)
        return success
      },
    })
    await conversation.post('m3')
    await conversation.post('m2')
    await conversation.untilIdle(3)
    expect(answered).toEqual(['m1', 'm2', 'm3'])
    expect(conversation.asked).toEqual(['callModel t1 3', 'callModel t2 0', 'callModel t3 0'])
  })

  test('behavior: a request that is open over continue-as-new is answered in the new run', async () => {
    const conversation = engine().open({
      callModel: toolsFirst(scheduledCall('a'), askingCall('b'), askingCall('c')),
      resolveRequest: async ({ requestId }) => resolution([requestId.slice(2)]),
    })
    await conversation.post('m1')
    const before = await conversation.untilWaiting()
    await fillRun(conversation, 'm1')
    const after = await conversation.untilWaiting()
    expect(after.waitingFor).toEqual(before.waitingFor)
    expect(await conversation.needsHuman()).toBe(true)
    expect(await conversation.details()).toContain('permission `q-b`')
    await Promise.all(['b', 'c'].map((callId) => conversation.answer(`q-${callId}`, `yes-${callId}`)))
    await conversation.untilIdle(1)
    expect(conversation.asked.slice(0, 2)).toEqual(['callModel t1 0', 'runTool a'])
    expect(conversation.asked.at(-1)).toBe('callModel t1 1')
    expect(conversation.asked.slice(2, -1).toSorted()).toEqual([
      'resolveRequest q-b yes-b',
      'resolveRequest q-c yes-c',
      'runTool b',
      'runTool c',
    ])
    expect(await conversation.needsHuman()).toBe(false)
  })

  test('behavior: an answer in the moment of continue-as-new is lost in no run', async () => {
    const conversations = Array.from({ length: 4 }, () =>
      engine().open({
        callModel: toolsFirst(askingCall('a'), askingCall('b')),
        resolveRequest: async ({ requestId }) => resolution([requestId.slice(2)]),
      }),
    )
    await Promise.all(
      conversations.map(async (conversation) => {
        await conversation.post('m1')
        await conversation.untilWaiting()
        const filled = fillHistory(conversation, 'm1')
        await conversation.answer('q-a', 'yes-a')
        await filled
        await conversation.answer('q-b', 'yes-b')
        await conversation.untilIdle(1)
      }),
    )
    for (const { asked } of conversations) {
      expect(asked.filter((what) => what.startsWith('resolve'))).toEqual([
        'resolveRequest q-a yes-a',
        'resolveRequest q-b yes-b',
      ])
      expect(asked.filter((what) => what.startsWith('runTool'))).toEqual(['runTool a', 'runTool b'])
    }
  })

  test('behavior: an answer that was carried with its turn is written by the new run', async () => {
    const answers = [{ requestId: 'q-a', answerId: 'yes', outcome: 'approved' as const }]
    const activities = { resolveRequest: async () => resolution(['a']) }
    const conversation = openCut(activities, { calls: [askingCall('a')], answers })
    await conversation.post('m1')
    await conversation.untilIdle(2)
    expect(conversation.asked.slice(0, 3)).toEqual(['resolveRequest q-a yes', 'runTool a', 'callModel t1 3'])
  })

  test('behavior: a request expires in the new run as it would have before', async () => {
    const activities = { resolveRequest: async () => resolution(['a'], 'denied') }
    const conversation = openCut(activities, { calls: [askingCall('a', { ttlMs: 300 })] })
    await conversation.post('m1')
    await conversation.untilAsked('resolveRequest q-a null')
    await conversation.untilIdle(2)
    expect(conversation.asked.slice(1)).toEqual(['callModel t1 3', 'callModel t2 0'])
  })

  test('behavior: a stop that arrives with the new run stops a turn that waits', async () => {
    const conversation = openCut({}, { calls: [askingCall('a')] })
    await conversation.stop('t1')
    await conversation.untilIdle(2)
    expect(conversation.asked).toEqual(['finishTurn t1 cancelled stopped', 'callModel t2 0'])
    expect(await conversation.needsHuman()).toBe(false)
  })

  test('behavior: messages keep their policies in the new run', async () => {
    const given: string[] = []
    const queue = [
      { messageId: 'm2', position: 2 },
      { messageId: 'm3', position: 3, busyPolicy: 'steer' as const },
      { messageId: 'm4', position: 4, busyPolicy: 'steer' as const },
    ]
    const conversation = openCut(
      {
        async callModel({ messageIds, steered = [] }) {
          given.push([...messageIds, ...steered].join(' '))
          return success
        },
      },
      {},
      { queue, seen: ['m1', 'm2', 'm3', 'm4'] },
    )
    await conversation.withdraw('m3')
    await conversation.untilIdle(2)
    expect(given).toEqual(['m1 m4', 'm2'])
  })
}
