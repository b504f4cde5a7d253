import { WorkflowUpdateFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'

import { askingCall, resolution } from './asking-call.ts'
import type { Engine, EngineConversation } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { toolsFirst } from './turn-suite.ts'

/** Why an answer was refused; undefined when it was accepted. */
async function refusalOf(
  answered: Promise<unknown>,
): Promise<{ type: string | null | undefined; details: unknown } | undefined> {
  try {
    await answered
    return undefined
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error
    const { cause } = error
    if (!(cause instanceof ApplicationFailure)) throw error
    return { type: cause.type, details: cause.details ?? [] }
  }
}

async function historyLengthOf({ handle }: EngineConversation): Promise<number> {
  return (await handle.describe()).historyLength
}

/** Requests to people in the real engine; `many`: conversations that wait at the same time. */
export function requestsSuite(engine: () => Engine, many: number): void {
  /** One that waits for permission for its call `a`. */
  async function openWaiting(
    activities: Parameters<Engine['open']>[0] = {},
    ...calls: ReturnType<typeof scheduledCall>[]
  ): Promise<EngineConversation> {
    const asked = calls.length === 0 ? [askingCall('a')] : calls
    const conversation = engine().open({
      callModel: toolsFirst(...asked),
      resolveRequest: async () => resolution(asked.map(({ callId }) => callId)),
      ...activities,
    })
    await conversation.post('m1')
    await conversation.untilWaiting()
    return conversation
  }

  test('runs a call after a person has allowed it', async () => {
    const conversation = await openWaiting()
    expect(await conversation.answer('q-a', 'yes')).toEqual({ requestId: 'q-a', outcome: 'approved' })
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual([
      'callModel t1 0',
      'resolveRequest q-a yes',
      'runTool a',
      'callModel t1 1',
    ])
  })

  test('behavior: a call that a person refuses does not run, and the turn goes on', async () => {
    const conversation = await openWaiting({ resolveRequest: async () => resolution(['a'], 'denied') })
    await conversation.answer('q-a', 'no', 'rejected')
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'resolveRequest q-a no', 'callModel t1 1'])
    expect((await conversation.progress()).calls).toMatchObject([{ callId: 'a', status: 'denied' }])
  })

  test('behavior: no answer in time means no', async () => {
    const conversation = engine().open({
      callModel: toolsFirst(askingCall('a', { ttlMs: 300 })),
      resolveRequest: async () => resolution(['a'], 'denied'),
    })
    await conversation.post('m1')
    await conversation.untilAsked('resolveRequest q-a null')
    await conversation.untilIdle(1)
    expect(conversation.asked).not.toContain('runTool a')
  })

  test('behavior: one answer lets all calls run that share the request', async () => {
    const shared = ['a', 'b'].map((callId) => askingCall(callId, { requestId: 'p' }))
    const conversation = await openWaiting({}, ...shared)
    await conversation.answer('p', 'yes')
    await conversation.untilIdle(1)
    const [first, second, ...tools] = conversation.asked
    expect([first, second]).toEqual(['callModel t1 0', 'resolveRequest p yes'])
    expect(tools.toSorted()).toEqual(['callModel t1 1', 'runTool a', 'runTool b'])
  })

  test('behavior: a tool that finds its grant gone asks, and runs again', async () => {
    let tries = 0
    const conversation = engine().open({
      callModel: toolsFirst(scheduledCall('a')),
      async runTool() {
        const { request } = askingCall('a')
        tries += 1
        return tries === 1 && request !== undefined ? { status: 'waiting', request } : { status: 'ok' }
      },
      resolveRequest: async () => resolution(['a']),
    })
    await conversation.post('m1')
    await conversation.untilWaiting()
    expect(await conversation.details()).toContain('permission `q-a`')
    await conversation.answer('q-a', 'yes')
    await conversation.untilIdle(1)
    expect(conversation.asked.slice(1, 4)).toEqual(['runTool a', 'resolveRequest q-a yes', 'runTool a'])
  })

  test('behavior: shows what it waits for in the Temporal UI, and no more when it goes on', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = await openWaiting(
      {
        async runTool({ callId }) {
          if (callId === 'a') await gate.promise
          return { status: 'ok' }
        },
      },
      askingCall('a'),
      askingCall('b', { kind: 'question' }),
    )
    const waiting = await conversation.status()
    expect(waiting).toMatchObject({ state: 'waiting', round: 0 })
    expect(waiting.waitingFor?.map(({ requestId, kind }) => `${kind} ${requestId}`)).toEqual([
      'permission q-a',
      'question q-b',
    ])
    expect(await conversation.details()).toMatch(/^\*\*waiting\*\*[^]*permission `q-a`[^]*question `q-b`/)
    expect(await conversation.needsHuman()).toBe(true)
    await conversation.answer('q-a', 'yes')
    await conversation.untilAsked('runTool a')
    expect(await conversation.status()).toMatchObject({ state: 'tools' })
    expect(await conversation.needsHuman()).toBe(false)
    gate.resolve()
    await conversation.untilWaiting()
    expect(await conversation.needsHuman()).toBe(true)
    await conversation.answer('q-b', 'also', 'answered')
    await conversation.untilIdle(1)
    expect(await conversation.details()).toMatch(/^\*\*idle\*\*\s+1 turn, the last one: success$/)
    expect(await conversation.needsHuman()).toBe(false)
  })

  test('behavior: a Stop while it waits ends the turn, and nobody is needed any more', async () => {
    const conversation = await openWaiting()
    await conversation.stop('t1')
    await conversation.untilIdle(1)
    expect(conversation.asked).toEqual(['callModel t1 0', 'finishTurn t1 cancelled stopped'])
    expect(await conversation.needsHuman()).toBe(false)
    expect(await refusalOf(conversation.answer('q-a', 'yes'))).toEqual({
      type: 'request_unknown',
      details: [],
    })
  })

  test('behavior: of two answers at once one counts, and the other is told which', async () => {
    const gate = Promise.withResolvers<void>()
    const conversation = await openWaiting({
      async resolveRequest() {
        await gate.promise
        return resolution(['a'])
      },
    })
    const refusals = await Promise.all([
      refusalOf(conversation.answer('q-a', 'yes', 'approved')),
      refusalOf(conversation.answer('q-a', 'no', 'rejected')),
    ])
    const again = await Promise.all(['yes', 'no'].map((id) => refusalOf(conversation.answer('q-a', id))))
    gate.resolve()
    await conversation.untilIdle(1)
    const isYes = refusals[0] === undefined
    const refused = { type: 'request_resolved', details: [isYes ? 'approved' : 'rejected'] }
    expect(refusals).toEqual(isYes ? [undefined, refused] : [refused, undefined])
    expect(again).toEqual(refusals)
    expect(conversation.asked[1]).toBe(`resolveRequest q-a ${isYes ? 'yes' : 'no'}`)
  })

  test('behavior: the same answer twice at once counts once, and both are told so', async () => {
    const conversation = await openWaiting()
    const answered = [conversation.answer('q-a', 'yes'), conversation.answer('q-a', 'yes')]
    expect(await Promise.all(answered)).toEqual([
      { requestId: 'q-a', outcome: 'approved' },
      { requestId: 'q-a', outcome: 'approved' },
    ])
    await conversation.untilIdle(1)
    expect(conversation.asked.filter((what) => what.startsWith('resolve'))).toHaveLength(1)
  })

  test('error: an answer that is refused leaves nothing in the history', async () => {
    const conversation = await openWaiting()
    const before = await historyLengthOf(conversation)
    expect(await refusalOf(conversation.answer('q-none', 'yes'))).toMatchObject({ type: 'request_unknown' })
    expect(await historyLengthOf(conversation)).toBe(before)
    await conversation.stop('t1')
    await conversation.untilIdle(1)
  })

  test(`behavior: ${many} conversations that are answered at the same moment all go on`, async () => {
    const callModel = toolsFirst(askingCall('a'))
    const resolveRequest = async () => resolution(['a'])
    const conversations = Array.from({ length: many }, () => engine().open({ callModel, resolveRequest }))
    await Promise.all(conversations.map((each) => each.post('m1')))
    // Some at a time: asking all of them again and again slows them down.
    for (let from = 0; from < many; from += 10) {
      await Promise.all(conversations.slice(from, from + 10).map((each) => each.untilWaiting()))
    }
    const answered = await Promise.all(conversations.map((each) => each.answer('q-a', `yes-${each.id}`)))
    await Promise.all(conversations.map((each) => each.untilAsked('callModel t1 1')))
    expect(answered).toEqual(conversations.map(() => ({ requestId: 'q-a', outcome: 'approved' })))
    for (const { asked, id } of conversations) {
      expect(asked.slice(1)).toEqual([`resolveRequest q-a yes-${id}`, 'runTool a', 'callModel t1 1'])
    }
  })

  test('behavior: 32 requests of one conversation that are answered at the same moment all count', async () => {
    const calls = Array.from({ length: 32 }, (_, index) => askingCall(`c${index}`))
    const conversation = await openWaiting({}, ...calls)
    await Promise.all(calls.map(({ callId }) => conversation.answer(`q-${callId}`, `yes-${callId}`)))
    await conversation.untilIdle(1)
    for (const { callId } of calls) {
      expect(conversation.asked).toContain(`resolveRequest q-${callId} yes-${callId}`)
      expect(conversation.asked.filter((what) => what === `runTool ${callId}`)).toHaveLength(1)
    }
  })

  test('behavior: an answer and a Stop in the same moment: what was accepted is written', async () => {
    const conversations = await Promise.all(Array.from({ length: 20 }, () => openWaiting()))
    await Promise.all(
      conversations.map(async (conversation, index) => {
        const stopping = () => conversation.stop('t1')
        const answering = () => refusalOf(conversation.answer('q-a', 'yes'))
        const [, refusal] =
          index % 2 === 0
            ? await Promise.all([stopping(), answering()])
            : await Promise.all([answering(), stopping()]).then(([told]) => [undefined, told])
        await conversation.untilIdle(1)
        const written = conversation.asked.filter((what) => what.startsWith('resolveRequest'))
        expect(written).toEqual(refusal === undefined ? ['resolveRequest q-a yes'] : [])
      }),
    )
    const ends = new Set(conversations.map(({ asked }) => asked.at(-1)))
    for (const end of ends) expect(['finishTurn t1 cancelled stopped', 'callModel t1 1']).toContain(end)
  })
}
