import { expect, test } from 'vitest'

import type { CarriedTurn } from '../../src/contracts/turn.ts'
import { type Engine, type EngineConversation, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools } from './turn-suite.ts'

/** Repeats of a message that was seen, large enough together to meet the budget of 1 MiB. */
async function fillHistory(conversation: EngineConversation, messageId: string): Promise<void> {
  for (let index = 0; index < 11; index++) await conversation.post(messageId, 'x'.repeat(100_000))
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
  function openCut(activities: Parameters<Engine['open']>[0] = {}): EngineConversation {
    const turn: CarriedTurn = {
      turn: { conversationId: '', turnId: '', trigger: 'user', messageIds: ['m1'] },
      round: 3,
      limits: { rounds: 25, deadlineMs: Date.now() + 600_000 },
    }
    return engine().open(activities, {
      turns: 1,
      carried: { queue: [{ messageId: 'm2', position: 2 }], seen: ['m1', 'm2'], turn },
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
}
