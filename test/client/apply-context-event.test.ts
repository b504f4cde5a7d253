import { expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import { addOlder } from '../../src/client/load-older.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import { recordedSnapshot } from './recorded-turns.ts'
import type { Event, EventBody } from '../../src/contracts/event.ts'
import type { CallKind } from '../../src/contracts/usage.ts'

const ts = '2026-11-21T12:00:00.000Z'

function events(...bodies: (EventBody & { turnId?: string })[]): Event[] {
  return bodies.map((body, index) => ({ v: 1, seq: index + 1, conversationId: 'c', ts, ...body }))
}

const viewOf = (...bodies: (EventBody & { turnId?: string })[]): ConversationView =>
  events(...bodies).reduce(applyEvent, emptyView)

const asked = (messageId: string): EventBody => ({
  type: 'user.message',
  messageId,
  text: messageId,
  via: 'api',
})
const answered = (messageId: string): EventBody => ({
  type: 'text.completed',
  messageId,
  attempt: 1,
  text: messageId,
})
const called = (callId: string): EventBody => ({
  type: 'tool.started',
  callId,
  name: 'n',
  title: 't',
  effect: 'read',
  input: {},
  background: false,
})
const edited: EventBody = {
  type: 'messages.superseded',
  messageIds: ['u2', 't2.r0', 't2.r0.c0', 't2.r1'],
  by: 'u3',
}
const branch = [asked('u1'), answered('t1.r0'), asked('u2'), called('t2.r0.c0'), answered('t2.r1')]

test('an edited message takes the place of the old one and of what followed', () => {
  const view = viewOf(...branch, asked('u3'), edited)
  expect(view.entries.map(({ id }) => id)).toEqual(['u1', 't1.r0', 'u3'])
})

test('behavior: it is the same whichever comes first, the new message or the end of the old ones', () => {
  const view = viewOf(...branch, edited, asked('u3'))
  expect(view.entries.map(({ id }) => id)).toEqual(['u1', 't1.r0', 'u3'])
})

test('behavior: a call that was read in goes with the answer that asked for it', () => {
  const loaded = viewOfSnapshot({
    ...recordedSnapshot(),
    messages: [
      { id: 'u2', role: 'user', text: 'u2', state: 'done', createdAt: ts },
      {
        id: 't2.r0',
        role: 'assistant',
        toolCalls: [{ callId: 'other', name: 'n', arguments: '{}' }],
        state: 'done',
        createdAt: ts,
      },
    ],
  })
  expect(loaded.entries.map(({ id }) => id)).toEqual(['u2', 'other'])
  const [event] = events(edited)
  if (!event) throw new Error('no event')
  expect(applyEvent(loaded, { ...event, seq: loaded.lastSeq + 1 }).entries).toEqual([])
})

test('behavior: a call that outlives the edit does not come back', () => {
  const late: EventBody = { type: 'tool.completed', callId: 't2.r0.c0', status: 'ok', output: 1 }
  const view = viewOf(...branch, asked('u3'), edited, late)
  expect(view.entries.map(({ id }) => id)).toEqual(['u1', 't1.r0', 'u3'])
  expect(view.lastSeq).toBe(8)
})

const takenBack: EventBody[] = [
  { type: 'message.withdrawn', messageId: 'u3' },
  { type: 'messages.restored', messageIds: ['u2', 't2.r0', 't2.r0.c0', 't2.r1'], by: 'u3' },
]

test('an edit that is taken back gives back what it had replaced, before what came since', () => {
  const late: EventBody = { type: 'tool.completed', callId: 't2.r0.c0', status: 'ok', output: 1 }
  const view = viewOf(...branch, edited, asked('u3'), asked('u4'), ...takenBack, late)
  expect(view.entries.map(({ id }) => id)).toEqual(['u1', 't1.r0', 'u2', 't2.r0.c0', 't2.r1', 'u3', 'u4'])
  expect(view.entries[3]).toMatchObject({ status: 'ok', output: 1 })
  expect(view.entries[5]).toMatchObject({ state: 'withdrawn' })
  expect(view.superseded).toEqual([])
  expect(view).not.toHaveProperty('replaced')
})

test('behavior: it is the same when the new message came before the end of the old ones', () => {
  const view = viewOf(...branch, asked('u3'), edited, ...takenBack)
  expect(view.entries.map(({ id }) => id)).toEqual(['u1', 't1.r0', 'u2', 't2.r0.c0', 't2.r1', 'u3'])
})

test('behavior: what the model had been given less of comes back in its place', () => {
  const since: EventBody[] = [
    { type: 'context.compacted', beforeMessageId: 'u2', facts: [], tokensBefore: 9, tokensAfter: 1 },
    { type: 'context.cleared' },
  ]
  const before = viewOf(...branch, ...since)
  const view = viewOf(...branch, ...since, edited, asked('u3'), ...takenBack)
  expect(view.entries.slice(0, -1)).toEqual(before.entries)
})

test('behavior: it comes back behind older messages that were loaded meanwhile', () => {
  const said = (id: string) => ({ id, role: 'user', text: id, state: 'done', createdAt: ts }) as const
  const latest = viewOfSnapshot({
    ...recordedSnapshot(),
    messages: [said('u2')],
    olderMessages: 'p1',
    lastSeq: 0,
  })
  const [superseded, shown, withdrawn, restored] = events(edited, asked('u3'), ...takenBack)
  if (!superseded || !shown || !withdrawn || !restored) throw new Error('no events')
  const view = [superseded, shown].reduce(applyEvent, latest)
  const older = addOlder(view, { before: 'p1', messages: [said('u0'), said('u1')] })
  const back = [withdrawn, restored].reduce(applyEvent, older)
  expect(back.entries.map(({ id }) => id)).toEqual(['u0', 'u1', 'u2', 'u3'])
})

test('behavior: an edit that has begun keeps nothing to be given back', () => {
  const started: EventBody = {
    type: 'turn.started',
    trigger: 'user',
    messageIds: ['u3'],
    model: 'm',
    promptHash: 'h',
  }
  const view = viewOf(...branch, edited, asked('u3'))
  expect(view.replaced).toMatchObject({ by: 'u3' })
  const [event] = events(started)
  if (!event) throw new Error('no event')
  expect(applyEvent(view, { ...event, seq: 99, turnId: 't3' })).not.toHaveProperty('replaced')
})

test('behavior: a view that began after the edit has nothing to give back, and takes what comes anew', () => {
  const [withdrawn, restored] = events(...takenBack)
  if (!withdrawn || !restored) throw new Error('no events')
  const snapshot = recordedSnapshot()
  const { lastSeq } = snapshot
  const given = [
    { ...withdrawn, seq: lastSeq + 1 },
    { ...restored, seq: lastSeq + 2 },
  ]
  const view = given.reduce(applyEvent, viewOfSnapshot(snapshot))
  expect(view.entries.slice(0, -1)).toEqual(viewOfSnapshot(snapshot).entries)
})

test('behavior: a compaction stands where it happened, with what the model is given instead', () => {
  const fact = { callId: 'k', tool: 'balance', path: 'wei', value: '7' }
  const compacted: EventBody = {
    type: 'context.compacted',
    beforeMessageId: 'u2',
    summary: 'They talked.',
    facts: [fact],
    tokensBefore: 900,
    tokensAfter: 90,
  }
  const usage = { model: 'm', inputTokens: 9, outputTokens: 1, contextTokens: 900, contextLimit: 1_000 }
  const called = { type: 'usage.recorded', turnId: 't1', ...usage } as const
  const view = viewOf(asked('u1'), called, compacted, asked('u2'), { type: 'context.cleared' })
  expect(view).not.toHaveProperty('usage')
  expect(view.turnUsage).toMatchObject({ calls: 1 })
  expect(view.entries).toMatchObject([
    { id: 'u1' },
    { kind: 'context', change: 'compacted', summary: 'They talked.', facts: [fact], beforeMessageId: 'u2' },
    { id: 'u2' },
    { kind: 'context', change: 'cleared' },
  ])
})

test('behavior: an edit takes with it what had been summed up or cleared since, unless that ends before it', () => {
  const compacted = (beforeMessageId: string): EventBody => ({
    type: 'context.compacted',
    beforeMessageId,
    facts: [],
    tokensBefore: 9,
    tokensAfter: 1,
  })
  const since = [compacted('u2'), compacted('t2.r1'), { type: 'context.cleared' } as const]
  const view = viewOf(
    asked('u1'),
    compacted('u1'),
    asked('u2'),
    answered('t2.r1'),
    ...since,
    edited,
    asked('u3'),
  )
  expect(view.entries.map((entry) => (entry.kind === 'context' ? entry.change : entry.id))).toEqual([
    'u1',
    'compacted',
    'compacted',
    'u3',
  ])
})

test('behavior: settings and titles are the conversation’s from then on', () => {
  const conversation = {
    title: 'Old',
    model: 'a/b',
    memory: false,
    history: { kind: 'full' },
    modelSettings: {},
  }
  const from = { ...emptyView, conversation } as unknown as ConversationView
  const changes = {
    title: 'New',
    model: 'c/d',
    memory: true,
    history: { kind: 'slidingWindow', window: 3 },
    modelSettings: { temperature: 0.5 },
  } as const
  const view = events({ type: 'conversation.updated', ...changes }).reduce(applyEvent, from)
  expect(view.conversation).toEqual({ ...changes, updatedAt: ts })
})

test('behavior: only an answer says how full the window is, and every call of the turn counts', () => {
  const usage = { model: 'm', inputTokens: 9, outputTokens: 1, contextTokens: 10, contextLimit: 100 }
  const usageOf = (kind: CallKind | undefined, contextTokens: number, turnId?: string) => ({
    ...usage,
    type: 'usage.recorded' as const,
    ...(kind && { kind }),
    ...(turnId !== undefined && { turnId }),
    contextTokens,
  })
  // One of 0.2 does not say what it was.
  const answers = [usageOf(undefined, 20, 't1'), usageOf('answer', 30, 't1')]
  const view = viewOf(...answers, usageOf('summary', 40, 't1'), usageOf('title', 50))
  expect(view.usage).toMatchObject({ contextTokens: 30 })
  expect(view.turnUsage).toMatchObject({ calls: 3, inputTokens: 27 })
  expect(viewOf(...answers.slice(0, 1)).usage).toMatchObject({ contextTokens: 20 })
})

test('behavior: the usage of a turn is the sum of its calls, exactly', () => {
  const usage = (turnId: string, costUsd?: string): EventBody & { turnId: string } => ({
    type: 'usage.recorded',
    turnId,
    model: 'm',
    inputTokens: 10,
    outputTokens: 1,
    ...(costUsd !== undefined && { costUsd }),
    contextTokens: 11,
    contextLimit: 100,
  })
  const first = viewOf(usage('t1', '0.1'), usage('t1', '0.2'), usage('t1'), { ...usage('t1', '0.000001') })
  expect(first.turnUsage).toEqual({
    turnId: 't1',
    calls: 4,
    inputTokens: 40,
    outputTokens: 4,
    costUsd: '0.300001',
    estimated: false,
  })
  const [next] = events(usage('t2'))
  if (!next) throw new Error('no event')
  const second = applyEvent(first, { ...next, seq: 9, estimated: true } as Event)
  expect(second.turnUsage).toMatchObject({ turnId: 't2', calls: 1, estimated: true })
  expect(second.turnUsage).not.toHaveProperty('costUsd')
  // The same once more.
  expect(applyEvent(second, { ...next, seq: 9 }).turnUsage).toEqual(second.turnUsage)
})
