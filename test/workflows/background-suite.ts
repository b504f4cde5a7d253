import { expect, test } from 'vitest'

import { type CallId, callIdOf, callWorkflowIdOf } from '../../src/contracts/ids.ts'
import { backgroundWorkflowType, queryNames } from '../../src/contracts/temporal-names.ts'
import type { ScheduledCall, ToolProgressAnswer } from '../../src/contracts/tool-call.ts'
import type { RoundRef } from '../../src/contracts/turn.ts'
import { type Engine, type EngineConversation, success, untilCancelled } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools } from './turn-suite.ts'

/** Asks for so many background calls in the first round of the first turn. */
export function backgroundFirst(count: number, steps: string[] = []) {
  return async ({ turnId, round }: RoundRef) => {
    if (!turnId.endsWith('.t1') || round > 0) return success
    return askTools(...Array.from({ length: count }, (_, index) => backgroundCall(turnId, index, steps)))
  }
}

function backgroundCall(turnId: string, index: number, steps: string[]): ScheduledCall {
  return { ...scheduledCall(callIdOf(turnId, 0, index), steps), background: true }
}

/** The ids of workflows are those of the whole server: only a whole id of a call is one of its own. */
function firstCallOf({ id }: EngineConversation): CallId {
  return callIdOf(`${id}.t1`, 0, 0)
}

/** Background calls in the real engine. */
export function backgroundSuite(engine: () => Engine): void {
  const handleOf = (callId: CallId) =>
    engine().environment.client.workflow.getHandle(callWorkflowIdOf(callId))

  test('a background call outlives its turn, and its end begins the next one', async () => {
    const gate = Promise.withResolvers<void>()
    const rounds: RoundRef[] = []
    const conversation: EngineConversation = engine().open({
      async callModel(round) {
        rounds.push(round)
        return backgroundFirst(1)(round)
      },
      async runTool() {
        await gate.promise
        return { status: 'ok' }
      },
      wakeConversation: async ({ callId }) => conversation.tell(`n_${callId}`, 2),
    })
    const callId = firstCallOf(conversation)
    await conversation.post('m1')
    await conversation.untilIdle(1)
    await conversation.untilAsked(`runTool ${callId}`)
    gate.resolve()
    await conversation.untilIdle(2)
    await handleOf(callId).result()
    const { asked } = conversation
    expect(asked.slice(0, 2)).toEqual(['callModel t1 0', `beginBackgroundCall ${callId}`])
    expect(asked.slice(2, 4).toSorted()).toEqual(['callModel t1 1', `runTool ${callId}`])
    expect(asked.slice(4)).toEqual([`wakeConversation ${callId}`, 'callModel t2 0'])
    expect(rounds.at(-1)).toMatchObject({ trigger: 'background', messageIds: [`n_${callId}`] })
  })

  test('behavior: ends that come while a turn runs are told together, behind the message that waits', async () => {
    const gate = Promise.withResolvers<void>()
    const rounds: RoundRef[] = []
    const conversation = engine().open({
      async callModel(round) {
        rounds.push(round)
        if (rounds.length === 1) await gate.promise
        return success
      },
    })
    await conversation.post('m1')
    await conversation.untilAsked('callModel t1 0')
    for (const [index, note] of ['n_a', 'n_b'].entries()) await conversation.tell(note, index + 2)
    await conversation.post('m4')
    gate.resolve()
    await conversation.untilIdle(2)
    await conversation.tell('n_c', 5)
    await conversation.untilIdle(3)
    expect(rounds.slice(1)).toMatchObject([
      { trigger: 'user', messageIds: ['m4'], steered: ['n_a', 'n_b'] },
      { trigger: 'background', messageIds: ['n_c'] },
    ])
  })

  test('behavior: the stop of the turn leaves it alone, its own ends it', async () => {
    const conversation: EngineConversation = engine().open({
      async callModel(round) {
        if (round.round === 1) return untilCancelled()
        return backgroundFirst(1)(round)
      },
      runTool: untilCancelled,
    })
    const callId = firstCallOf(conversation)
    await conversation.post('m1')
    await conversation.untilAsked(`runTool ${callId}`)
    await conversation.untilAsked('callModel t1 1')
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    expect((await handleOf(callId).describe()).status.name).toBe('RUNNING')
    await handleOf(callId).cancel()
    await handleOf(callId).result()
    expect(conversation.asked.slice(-2)).toEqual([
      `failToolCall ${callId} stopped`,
      `wakeConversation ${callId}`,
    ])
  })

  test('behavior: goes on while its conversation continues as new', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation: EngineConversation = engine().open({
      callModel: backgroundFirst(1),
      async runTool() {
        await gate.promise
        return { status: 'ok' }
      },
      wakeConversation: async ({ callId }) => conversation.tell(`n_${callId}`, 9),
    })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    const { runId } = await conversation.handle.describe()
    for (let index = 0; index < 11; index++) await conversation.post('m1', { padding: 'x'.repeat(100_000) })
    await conversation.post('m2')
    await conversation.untilIdle(2)
    expect((await conversation.handle.describe()).runId).not.toBe(runId)
    gate.resolve()
    await conversation.untilIdle(3)
    expect(conversation.asked.at(-1)).toBe('callModel t3 0')
  })

  test('behavior: a workflow that is there already counts as started', async () => {
    const conversation = engine().open({ callModel: backgroundFirst(1) })
    const callId = firstCallOf(conversation)
    const ref = { conversationId: conversation.id, turnId: `${conversation.id}.t1`, callId }
    await engine().environment.client.workflow.start(backgroundWorkflowType, {
      workflowId: callWorkflowIdOf(callId),
      taskQueue: engine().taskQueue,
      args: [{ ...ref, background: true, call: scheduledCall(callId) }],
    })
    await handleOf(callId).result()
    await conversation.post('m1')
    await conversation.untilIdle(1)
    expect(conversation.asked.filter((asked) => asked === `runTool ${callId}`)).toHaveLength(1)
  })

  test('behavior: one that may not begin is read by the model as any result', async () => {
    const conversation = engine().open({
      callModel: backgroundFirst(1),
      beginBackgroundCall: async () => ({ status: 'error' }),
    })
    await conversation.post('m1')
    await conversation.untilIdle(1)
    await expect(handleOf(firstCallOf(conversation)).describe()).rejects.toThrow('not found')
    expect(conversation.asked.at(-1)).toBe('callModel t1 1')
  })

  test('behavior: its steps run one after the other, and it says where it is', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = engine().open({
      callModel: backgroundFirst(1, ['one', 'two']),
      async runToolStep({ step }) {
        if (step === 'two') await gate.promise
        return { status: 'ok' }
      },
    })
    const callId = firstCallOf(conversation)
    await conversation.post('m1')
    await conversation.untilAsked(`runToolStep ${callId} two`)
    const progress = await handleOf(callId).query<ToolProgressAnswer>(queryNames.toolProgress)
    expect(progress.calls).toMatchObject([
      { callId, status: 'running', steps: [{ status: 'ok' }, { status: 'running' }] },
    ])
    const { currentDetails } = await handleOf(callId).query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    )
    expect(currentDetails).toContain(`\`conversation:${conversation.id}\` is told of its end`)
    expect((await conversation.progress()).calls).toEqual([])
    gate.resolve()
    await handleOf(callId).result()
  })
}
