import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event, EventBody, StreamEvent } from '../../src/contracts/event.ts'
import { applyEvent } from '../../src/client/apply-event.ts'
import {
  type CallEntry,
  type ConversationView,
  emptyView,
  type Entry,
} from '../../src/client/conversation-view.ts'
import { findCall, findMessage } from '../../src/client/entry-list.ts'
import { recordTurns, type TurnScript } from './recorded-turns.ts'

const scripts: fc.Arbitrary<TurnScript[]> = fc.array(
  fc.record({
    text: fc.string({ maxLength: 30 }),
    deadAttempts: fc.array(fc.nat(4), { maxLength: 2 }),
    tools: fc.nat(3),
    steps: fc.nat(3),
    asked: fc.nat(3),
    steered: fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 2 }),
    queued: fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 2 }),
    outcome: fc.constantFrom('success', 'error'),
    edits: fc.option(fc.nat(9), { nil: undefined }),
    context: fc.constantFrom(undefined, 'compacted', 'cleared'),
  }),
  { minLength: 1, maxLength: 4 },
)

function replay(events: readonly StreamEvent[], from: ConversationView = emptyView): ConversationView {
  return events.reduce(applyEvent, from)
}

function events(...bodies: (EventBody & { turnId?: string })[]): Event[] {
  return bodies.map((body, index) => ({ v: 1, seq: index + 1, conversationId: 'c', ts: 'now', ...body }))
}

const delta = (attempt: number, offset: number, text: string) =>
  ({ type: 'text.delta', messageId: 'm', attempt, delta: text, offset }) as const

const textOf = (...bodies: EventBody[]) => findMessage(replay(events(...bodies)), 'm')?.content.text

test('builds the text of an answer from its pieces', () => {
  expect(
    textOf({ type: 'text.started', messageId: 'm', attempt: 1 }, delta(1, 0, 'Hel'), delta(1, 3, 'lo')),
  ).toBe('Hello')
})

test('behavior: a higher attempt voids the text of the lower one, whose late pieces are dropped', () => {
  expect(textOf(delta(1, 0, 'old text'), delta(2, 0, 'new'), delta(1, 8, ' more'))).toBe('new')
})

test('behavior: a gap is marked until the whole text arrives', () => {
  const pieces = [delta(1, 0, 'one '), delta(1, 8, 'three')]
  expect(textOf(...pieces)).toBe('one …three')
  expect(textOf(...pieces, delta(1, 13, ' four'))).toBe('one …three four')
  expect(
    textOf(...pieces, { type: 'text.completed', messageId: 'm', attempt: 1, text: 'one two three' }),
  ).toBe('one two three')
})

test('behavior: reasoning never mixes with the answer', () => {
  const view = replay(events({ ...delta(1, 0, 'thought'), type: 'reasoning.delta' }, delta(1, 0, 'answer')))
  expect(findMessage(view, 'm')).toMatchObject({
    content: { text: 'answer' },
    reasoning: { text: 'thought' },
  })
})

test('behavior: the steps of a call follow its events', () => {
  const callId = 'k'
  const started = {
    type: 'tool.started',
    callId,
    name: 'n',
    title: 't',
    effect: 'read',
    input: {},
    background: false,
  } as const
  const view = replay(
    events(
      { ...started, steps: ['compile', 'simulate'] },
      { type: 'tool.progress', callId, stepIndex: 0, fraction: 0.5, message: 'half' },
      { type: 'tool.step', callId, step: 'compile', stepIndex: 0, status: 'ok', output: 7 },
    ),
  )
  expect(findCall(view, callId)).toMatchObject({
    status: 'running',
    stepIndex: 1,
    stepCount: 2,
    steps: [
      { name: 'compile', status: 'ok', output: 7 },
      { name: 'simulate', status: 'running' },
    ],
  })
  expect(findCall(view, callId)).not.toHaveProperty('fraction')
})

test('behavior: a queued message waits, and moves below the answer before it when its turn starts', () => {
  const { events: log } = recordTurns([turn('first', ['second']), turn('unused', [])])
  const queued = replay(log.slice(0, log.findIndex(({ type }) => type === 'message.queued') + 1))
  expect(queued.queue).toMatchObject([{ id: 'q1.0', content: { text: 'second' } }])
  const done = replay(log)
  expect(done.queue).toEqual([])
  expect(done.entries.map(({ id }) => id)).toEqual(['u1', 't1.r1', 'q1.0', 't2.r1'])
})

test('behavior: an event of an unknown type changes nothing but the number', () => {
  const [event] = events({ type: 'notice', level: 'info', code: 'c', message: 'm' })
  const unknown = JSON.parse(JSON.stringify({ ...event, type: 'something.new' }))
  expect(applyEvent(emptyView, unknown)).toEqual({ ...emptyView, lastSeq: 1 })
})

test('behavior: duplicates at any distance do no harm', () => {
  fc.assert(
    fc.property(scripts, fc.array(fc.tuple(fc.nat(), fc.nat())), (turns, repeats) => {
      const { events: log } = recordTurns(turns)
      const doubled = log.flatMap((event, index) => {
        const again = repeats.filter(([at]) => at % log.length === index)
        return [event, ...again.flatMap(([, back]) => log.slice(Math.max(0, index - (back % 20)), index + 1))]
      })
      expect(replay(doubled)).toEqual(replay(log))
    }),
  )
})

test('behavior: a snapshot anywhere leads to the same screen', () => {
  fc.assert(
    fc.property(scripts, fc.nat(), fc.nat(), (turns, at, later) => {
      const { events: log, snapshots } = recordTurns(turns)
      const index = at % log.length
      const snapshot = snapshots[index]
      if (!snapshot) throw new Error('no snapshot')
      const frame = {
        v: 1,
        seq: snapshot.lastSeq,
        conversationId: 'c',
        ts: 'now',
        type: 'snapshot',
        ...snapshot,
      } as const
      const end = index + 1 + (later % (log.length - index))
      const start = [...log.slice(0, at % 7), frame]
      expect(visible(replay([...start, ...log.slice(index + 1)]))).toEqual(visible(replay(log)))
      // In between, what is half-written is not in a snapshot; who is asked for what is.
      const resumed = replay([...start, ...log.slice(index + 1, end)])
      expect(asked(resumed)).toEqual(asked(replay(log.slice(0, end))))
    }),
  )
})

/** What a reader sees; a snapshot does not know titles, thoughts and times. */
function visible(view: ConversationView) {
  return {
    state: view.state,
    turn: view.turn?.turnId,
    queue: view.queue.map(({ id, content }) => ({ id, text: content.text })),
    entries: view.entries.map(visibleEntry),
  }
}

function visibleEntry(entry: Entry) {
  switch (entry.kind) {
    case 'call':
      return { id: entry.id, now: liveStatus(entry) }
    case 'context':
      return { change: entry.change }
    case 'message':
      return { id: entry.id, text: entry.content.text, complete: entry.content.complete, state: entry.state }
  }
}

/** What people are asked for, and what waits for them. */
function asked({ requests, entries }: ConversationView) {
  const calls = entries.flatMap((entry) =>
    entry.kind === 'call' && entry.status === 'waiting' ? [entry.id] : [],
  )
  return { requests: requests.map((request) => ({ ...request, openedAt: '' })), calls }
}

/** How a call that is over has ended is not known of a snapshot. */
function liveStatus({ status }: CallEntry) {
  return status === 'running' || status === 'waiting' ? status : 'over'
}

function turn(text: string, queued: string[]): TurnScript {
  return { text, queued, deadAttempts: [], tools: 0, steps: 0, asked: 0, steered: [], outcome: 'success' }
}
