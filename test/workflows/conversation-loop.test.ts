/** Single interleavings of the pure loop that have gone wrong, or could. */
import { describe, expect, test } from 'vitest'

import type { CallPlan } from './fake-activities.ts'
import { listFaults } from './list-faults.ts'
import { PlayedConversation } from './played-conversation.ts'

/** A conversation whose first turn has asked for these calls. */
async function afterReply(...plans: CallPlan[]): Promise<PlayedConversation> {
  const conversation = new PlayedConversation()
  conversation.post('queue')
  await conversation.task()
  conversation.endModelCall(0, plans)
  await conversation.task()
  return conversation
}

async function settle(conversation: PlayedConversation): Promise<void> {
  await conversation.drain()
  expect(listFaults(conversation)).toEqual([])
}

function listEnds({ db }: PlayedConversation): string[] {
  return [...db.ends].map(([turnId, outcome]) => `${turnId} ${outcome}`)
}

function stateOf({ run }: PlayedConversation): string {
  return run.loop.status().state
}

/** One that is idle, with its loop at work. */
async function idle(): Promise<PlayedConversation> {
  const conversation = new PlayedConversation()
  await conversation.task()
  return conversation
}

/** One of two calls has been let go for a new run in the task in which the other one was allowed. */
async function afterLetGo(): Promise<PlayedConversation> {
  const conversation = await afterReply('permission', 'plain')
  conversation.grow()
  conversation.answer(0, true, false)
  await conversation.task()
  conversation.endWrite(0)
  conversation.endTool(0, 'ungranted')
  await conversation.task()
  expect(conversation.run.engine.timers).toEqual([])
  return conversation
}

describe('messages', () => {
  test('one that is withdrawn in the moment in which it comes starts no turn', async () => {
    const conversation = await idle()
    conversation.post('queue')
    conversation.withdraw(0)
    await settle(conversation)
    expect(conversation.run.loop.status()).toEqual({ state: 'idle', queued: 0, turns: 0 })
  })

  test('one that steers joins before the next model call', async () => {
    const conversation = await afterReply('plain')
    conversation.post('steer')
    conversation.post('queue')
    conversation.endTool(0, 'ok')
    await conversation.task()
    await settle(conversation)
    expect(conversation.db.messages.map(({ turnId }) => turnId)).toEqual(['c.t1', 'c.t1', 'c.t2'])
  })

  test('one that steers starts a turn when the running one ends', async () => {
    const conversation = await afterReply()
    conversation.post('steer')
    conversation.endModelCall(0, 'answers')
    await settle(conversation)
    expect(conversation.db.messages.map(({ turnId }) => turnId)).toEqual(['c.t1', 'c.t2'])
  })

  test('one that steered into a model call that failed is in that turn, and starts none of its own', async () => {
    const conversation = await afterReply('plain')
    conversation.post('steer')
    conversation.endTool(0, 'ok')
    await conversation.task()
    conversation.endModelCall(0, 'throws')
    await settle(conversation)
    expect(conversation.db.messages.map(({ turnId }) => turnId)).toEqual(['c.t1', 'c.t1'])
    expect(listEnds(conversation)).toEqual(['c.t1 error'])
  })

  test('one that interrupts stops the turn and runs before those that wait', async () => {
    const conversation = await afterReply('plain')
    conversation.post('queue')
    conversation.post('interrupt')
    await conversation.task()
    conversation.endTool(0, 'cancelled')
    await settle(conversation)
    expect(conversation.db.messages.map(({ turnId }) => turnId)).toEqual(['c.t1', 'c.t3', 'c.t2'])
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled', 'c.t2 success', 'c.t3 success'])
  })

  test('of two that interrupt, the later one interrupts the first', async () => {
    const conversation = await afterReply('plain')
    conversation.post('interrupt')
    conversation.post('interrupt')
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled', 'c.t2 cancelled', 'c.t3 success'])
  })
})

describe('Stop', () => {
  test('of a message that is withdrawn with it stops no other', async () => {
    const conversation = await idle()
    conversation.post('queue')
    conversation.stop()
    conversation.withdraw(0)
    await conversation.task()
    conversation.post('queue')
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 success'])
  })

  test('before a turn has begun stops that one, not what interrupts it', async () => {
    const conversation = await idle()
    conversation.post('queue')
    conversation.stop()
    conversation.post('interrupt')
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 success', 'c.t2 cancelled'])
    expect(conversation.db.messages.map(({ turnId }) => turnId)).toEqual(['c.t2', 'c.t1'])
  })

  test('in the task in which a waiting turn would be carried into a new run ends it', async () => {
    const conversation = await afterReply('permission')
    conversation.grow()
    conversation.post('queue')
    conversation.stop()
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled', 'c.t2 success'])
  })

  test('ends the turn as stopped also when the model call is lost with its worker', async () => {
    const conversation = new PlayedConversation()
    conversation.post('queue')
    await conversation.task()
    conversation.stop()
    await conversation.task()
    // A call that is to be cancelled is not tried again.
    conversation.endModelCall(0, 'throws')
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled'])
  })

  test('waits for every call before the next turn begins, also when one of them has just failed', async () => {
    const conversation = await afterReply('plain', 'plain')
    conversation.post('interrupt')
    conversation.endTool(0, 'throws')
    await conversation.task()
    expect([...conversation.run.engine.pending.values()].map(({ asked }) => asked.kind)).toEqual(['runTool'])
    expect(stateOf(conversation)).toBe('cancelling')
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled', 'c.t2 success'])
  })
})

describe('waiting for people', () => {
  test('an answer and an answer to another request go on side by side', async () => {
    const conversation = await afterReply('permission', 'question', 'plain')
    conversation.endTool(0, 'ok')
    await conversation.task()
    expect(stateOf(conversation)).toBe('waiting')
    conversation.answer(0, true, false)
    await conversation.task()
    conversation.endWrite(0)
    await conversation.task()
    expect(stateOf(conversation)).toBe('tools')
    conversation.endTool(0, 'ok')
    await conversation.task()
    expect(stateOf(conversation)).toBe('waiting')
    conversation.answer(1, true, false)
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 success'])
    expect([...conversation.db.calls.values()].map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
  })

  test('what a running tool asks is shown at once', async () => {
    const conversation = await afterReply('plain')
    conversation.endTool(0, 'ungranted')
    await conversation.task()
    expect(conversation.run.engine.details).toContain('waits for a person: permission `c.t1.r0.c0.q0`')
    await settle(conversation)
  })

  test('one request is written while another is asked on, although the run must end', async () => {
    const conversation = await afterReply('question', 'permission')
    conversation.grow()
    conversation.post('queue')
    conversation.answer(0, true, false)
    await conversation.task()
    expect(conversation.run.loop.status().waitingFor?.map(({ requestId }) => requestId)).toEqual([
      'c.t1.r0.p',
    ])
    const { run } = conversation
    conversation.endWrite(0)
    await conversation.task()
    expect(conversation.run).not.toBe(run)
    await conversation.task()
    expect(stateOf(conversation)).toBe('waiting')
    await settle(conversation)
  })

  test('a request expires in its time while another is written, although the run must end', async () => {
    const conversation = await afterReply('question', 'permission')
    conversation.grow()
    conversation.post('queue')
    conversation.answer(0, true, false)
    await conversation.task()
    conversation.wait(6_000)
    await conversation.task()
    expect([...conversation.run.engine.pending.values()].map(({ asked }) => asked)).toMatchObject([
      { request: { requestId: 'c.t1.r0.c0.q0', answerId: 'answer1' } },
      { request: { requestId: 'c.t1.r0.p', answerId: null } },
    ])
    await settle(conversation)
  })

  test('an answer to a call that was let go while another one runs is carried and written', async () => {
    const conversation = await afterLetGo()
    conversation.answer(1, true, false)
    await settle(conversation)
    expect(conversation.db.requests.map(({ outcome }) => outcome)).toEqual(['approved', 'approved'])
  })

  test('a Stop while a call that was let go waits for another one ends the turn', async () => {
    const conversation = await afterLetGo()
    conversation.stop()
    await conversation.task()
    conversation.endTool(0, 'cancelled')
    await conversation.task()
    await settle(conversation)
    expect(listEnds(conversation)).toEqual(['c.t1 cancelled'])
  })

  test('a run that is carried on says nothing new: a person is needed as before', async () => {
    const conversation = await afterReply('question')
    conversation.grow()
    conversation.post('queue')
    await conversation.task()
    await conversation.task()
    expect(conversation.run.engine.appearance.needsHuman).toBe(true)
    expect(conversation.run.engine.commands.filter((command) => command.startsWith('index'))).toEqual([])
    await settle(conversation)
    expect(conversation.run.engine.appearance.needsHuman).toBe(false)
  })

  test('a run that ends after a refusal does not say that a person is needed', async () => {
    const conversation = await afterReply('permission')
    conversation.grow()
    conversation.answer(0, false, false)
    await conversation.task()
    conversation.endWrite(0)
    await conversation.task()
    expect(conversation.run.engine.appearance.needsHuman).toBe(false)
    await settle(conversation)
  })

  test('an answer that is refused leaves nothing that a replay would miss', async () => {
    const conversation = await afterReply('question', 'question')
    conversation.grow()
    conversation.answerUnknown()
    conversation.answer(0, true, false)
    await conversation.task()
    await expect(conversation.restart()).resolves.toBeUndefined()
    await settle(conversation)
  })

  test('an answer after its time is told so, also when the turn is being stopped', async () => {
    const conversation = await afterReply('question')
    conversation.wait(6_000)
    conversation.stop()
    conversation.answer(0, true, false)
    await settle(conversation)
    expect(conversation.promises.accepted.size).toBe(0)
    expect(conversation.db.requests.map(({ outcome }) => outcome)).toEqual(['expired'])
  })
})

test('error: a result that cannot be written ends the turn, once everything else of it has ended', async () => {
  const conversation = await afterReply('plain', 'plain')
  conversation.endTool(0, 'throws')
  await conversation.task()
  conversation.failWrite(0)
  await conversation.task()
  const [running, ...others] = [...conversation.run.engine.pending.values()]
  expect(running).toMatchObject({ asked: { kind: 'runTool' }, isCancelRequested: true })
  expect(others).toEqual([])
  await settle(conversation)
  expect(listEnds(conversation)).toEqual(['c.t1 error'])
})
