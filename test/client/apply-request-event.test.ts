import { expect, test } from 'vitest'
import type { Event, EventBody } from '../../src/contracts/event.ts'
import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import { findCall } from '../../src/client/entry-list.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import { FakeConversation } from './fake-conversation.ts'

const ts = '2026-11-21T12:00:00.000Z'
const expiresAt = '2026-11-21T15:00:00.000Z'

function replay(bodies: readonly EventBody[], from: ConversationView = emptyView): ConversationView {
  const events = bodies.map((body, index): Event => ({
    v: 1,
    seq: index + 1,
    conversationId: 'c',
    turnId: 't',
    ts,
    ...body,
  }))
  return events.reduce(applyEvent, from)
}

const started = (callId: string, decision: 'allow' | 'ask' = 'ask') =>
  ({
    type: 'tool.started',
    callId,
    name: 'n',
    title: 'Send',
    effect: 'sign',
    input: {},
    background: false,
    permission: { decision, rule: 'policy:ask' },
  }) as const
const item = (callId: string) => ({
  callId,
  tool: 'n',
  title: 'Send',
  effect: 'sign' as const,
  input: {},
  targets: { contracts: [], domains: [] },
  rule: 'policy:ask',
})
const batch = (...callIds: string[]) =>
  ({
    type: 'request.opened',
    requestId: 'p',
    kind: 'permission',
    expiresAt,
    card: { calls: callIds.map(item) },
  }) as const
const form = { title: 'Which?', questions: [] }
const question = (callId: string) =>
  ({ type: 'request.opened', requestId: 'q', kind: 'question', callId, expiresAt, form }) as const
const resolved = (requestId: string, by = 'o') =>
  ({ type: 'request.resolved', requestId, outcome: 'approved', by }) as const

const statusOf = (view: ConversationView, callId: string) => findCall(view, callId)?.status

test('keeps an open request with all that a person needs to answer it', () => {
  const view = replay([started('a'), batch('a')])
  const { type: _type, ...request } = batch('a')
  expect(view.requests).toEqual([{ ...request, conversationId: 'c', turnId: 't', openedAt: ts }])
  expect(findCall(view, 'a')).toMatchObject({ permission: { decision: 'ask', rule: 'policy:ask' } })
})

test('behavior: exactly the calls that a request is about wait, and run again when it is resolved', () => {
  const open = [started('a'), started('b'), started('c', 'allow'), batch('a', 'b')]
  const waiting = replay(open)
  expect(['a', 'b', 'c'].map((id) => statusOf(waiting, id))).toEqual(['waiting', 'waiting', 'running'])
  const running = replay([...open, resolved('p')])
  expect(['a', 'b', 'c'].map((id) => statusOf(running, id))).toEqual(['running', 'running', 'running'])
  expect(running.requests).toEqual([])
})

test('behavior: no step of a call that waits runs', () => {
  const call = { ...started('a'), steps: ['compile', 'simulate'] }
  const steps = (...bodies: EventBody[]) =>
    findCall(replay([call, ...bodies]), 'a')?.steps.map((step) => step.status)
  expect(steps(batch('a'))).toEqual(['pending', 'pending'])
  expect(steps(batch('a'), resolved('p'))).toEqual(['running', 'pending'])
})

test('behavior: a call that starts after its request waits at once', () => {
  expect(statusOf(replay([question('a'), started('a')]), 'a')).toBe('waiting')
})

test('behavior: a call that two requests are about waits for both', () => {
  const open = [started('a'), batch('a'), question('a')]
  expect(statusOf(replay([...open, resolved('p')]), 'a')).toBe('waiting')
  expect(statusOf(replay([...open, resolved('p'), resolved('q')]), 'a')).toBe('running')
})

test('behavior: a call that ended does not run again', () => {
  const completed = { type: 'tool.completed', callId: 'a', status: 'denied' } as const
  const log = [started('a'), batch('a'), completed, resolved('p')]
  expect(statusOf(replay(log), 'a')).toBe('denied')
})

test('behavior: what a request came to is remembered, with who did it', () => {
  const view = replay([started('a'), batch('a'), resolved('p', 'o_2')])
  expect(view.resolved).toMatchObject([{ requestId: 'p', outcome: 'approved', by: 'o_2', resolvedAt: ts }])
})

test('behavior: events that come twice change nothing', () => {
  const bodies = [started('a'), batch('a'), question('a'), resolved('p')]
  const once = replay(bodies)
  // The same numbers again, and the same facts under new numbers.
  expect(replay(bodies, once)).toEqual(once)
  const again = bodies
    .slice(1)
    .reduce<ConversationView>(
      (view, body, index) =>
        applyEvent(view, { v: 1, seq: 100 + index, conversationId: 'c', turnId: 't', ts, ...body }),
      once,
    )
  expect({ ...again, lastSeq: 0 }).toEqual({ ...once, lastSeq: 0 })
})

test('behavior: a snapshot brings open requests, and the calls that wait for them', () => {
  const talk = new FakeConversation('c', {})
  const { type: _type, ...request } = question('a')
  const opened = { ...request, conversationId: 'c', turnId: 't', openedAt: ts }
  const view = viewOfSnapshot({
    ...talk.snapshot(),
    openRequests: [opened],
    calls: ['a', 'b'].map((callId) => ({ callId, name: 'n', status: 'running', steps: [] })),
  })
  expect(view.requests).toEqual([opened])
  expect(['a', 'b'].map((id) => statusOf(view, id))).toEqual(['waiting', 'running'])
})

test('behavior: a message that joins the turn leaves the queue and stands where it joined', () => {
  const text = (messageId: string) =>
    ({ type: 'text.completed', messageId, attempt: 1, text: messageId }) as const
  const user = (messageId: string) =>
    ({ type: 'user.message', messageId, text: messageId, via: 'api' }) as const
  const view = replay([
    user('u'),
    { type: 'turn.started', trigger: 'user', messageIds: ['u'], model: 'm', promptHash: 'h' },
    user('later'),
    { type: 'message.queued', messageId: 'later', position: 0 },
    user('joins'),
    { type: 'message.queued', messageId: 'joins', position: 1 },
    text('t.r0'),
    { type: 'round.started', round: 1, messageIds: ['joins'] },
    text('t.r1'),
  ])
  expect(view.entries.map(({ id }) => id)).toEqual(['u', 't.r0', 'joins', 't.r1'])
  expect(view.entries[2]).toMatchObject({ state: 'done', turnId: 't' })
  expect(view.queue.map(({ id }) => id)).toEqual(['later'])
})

test('behavior: changed settings of the conversation are applied', () => {
  const { conversation } = new FakeConversation('c', {})
  const changes = { busyPolicy: 'steer', permissions: 'denyAll', stalled: true } as const
  const view = replay([{ type: 'conversation.updated', ...changes }], { ...emptyView, conversation })
  expect(view.conversation).toMatchObject(changes)
})
