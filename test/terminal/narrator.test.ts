import { expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import { emptyView } from '../../src/client/conversation-view.ts'
import type { EventBody } from '../../src/contracts/event.ts'
import { type Narration, Narrator } from '../../src/terminal/narrator.ts'
import { createPalette } from '../../src/terminal/palette.ts'

/** What a reader has in the end: answers as they run on, remarks as lines. */
function tell(...bodies: EventBody[]): string {
  return narrate(bodies)
    .map((each) =>
      each.kind === 'answer' ? each.text : each.kind === 'line' ? `[${each.text.trim()}]` : '|',
    )
    .join('')
}

/** What is said from aside. */
function asides(...bodies: EventBody[]): string[] {
  return narrate(bodies).flatMap((each) => (each.kind === 'aside' ? [each.text] : []))
}

function narrate(bodies: readonly EventBody[]): Narration[] {
  const narrator = new Narrator({
    palette: createPalette({}, {}),
    columns: () => 80,
    progressLines: true,
    userLines: true,
  })
  const told: Narration[] = []
  let view = emptyView
  for (const [index, body] of bodies.entries()) {
    const event = {
      v: 1,
      seq: index + 1,
      conversationId: 'c',
      turnId: 't',
      ts: '2026-11-21T12:00:00.000Z',
      ...body,
    } as const
    view = applyEvent(view, event)
    told.push(...narrator.tell(event, view))
  }
  return told
}

const started = (attempt: number) => ({ type: 'text.started', messageId: 'm', attempt }) as const
const delta = (attempt: number, offset: number, text: string) =>
  ({ type: 'text.delta', messageId: 'm', attempt, delta: text, offset }) as const
const completed = (text: string) => ({ type: 'text.completed', messageId: 'm', attempt: 2, text }) as const
const turnStarted: EventBody = {
  type: 'turn.started',
  trigger: 'user',
  messageIds: [],
  model: 'm',
  promptHash: 'h',
}

test('tells what was asked when its turn starts, and the answer as it comes', () => {
  const asked = { type: 'user.message', messageId: 'u', text: 'hi', via: 'api' } as const
  expect(
    tell(asked, turnStarted, started(1), delta(1, 0, 'Hel'), delta(1, 3, 'lo'), completed('Hello')),
  ).toBe('[› hi]Hello|')
})

test('behavior: a repeated attempt that writes the same is shown once', () => {
  const twice = [delta(1, 0, 'Hello wor'), started(2), delta(2, 0, 'Hel'), delta(2, 3, 'lo world')]
  expect(tell(started(1), ...twice, completed('Hello world'))).toBe('Hello world|')
})

test('behavior: a repeated attempt that writes something else starts again', () => {
  const twice = [delta(1, 0, 'Hello'), started(2), delta(2, 0, 'Bye')]
  expect(tell(started(1), ...twice, completed('Bye'))).toBe('Hello|[The answer starts again.]Bye|')
})

test('behavior: an answer that was stopped before what was shown is not shown twice', () => {
  expect(tell(started(1), delta(1, 0, 'Hello world'), started(2), completed('Hello'))).toBe(
    'Hello world|[Its last words were taken back.]|',
  )
})

test('behavior: escape sequences cut in two do not get through', () => {
  expect(tell(started(1), delta(1, 0, 'a\u001b['), delta(1, 3, '2Jb'), completed('a\u001b[2Jb'))).toBe('ab|')
})

test('behavior: tells each step of a tool and its end', () => {
  const callId = 'k'
  const step = { type: 'tool.step', callId, status: 'ok' } as const
  const told = tell(
    {
      type: 'tool.started',
      callId,
      name: 'n',
      title: 'Simulate',
      effect: 'read',
      input: {},
      steps: ['a', 'b'],
      background: false,
    },
    { type: 'tool.progress', callId, stepIndex: 0, fraction: 0.5 },
    { ...step, step: 'a', stepIndex: 0 },
    { ...step, step: 'b', stepIndex: 1 },
    { type: 'tool.completed', callId, status: 'ok' },
  )
  expect(told).toBe('[· Simulate  step 1 of 2: a][· Simulate  step 2 of 2: b]|[✓ Simulate  0.0 s]')
})

test('behavior: says what has become of the conversation and of its settings', () => {
  const told = asides(
    { type: 'conversation.updated', title: 'New\u001b[2J title', model: 'a/b' },
    { type: 'conversation.updated', modelSettings: { temperature: 0.5 }, history: { kind: 'summary' } },
    { type: 'conversation.updated', memory: true, modelSettings: {} },
    { type: 'notice', level: 'warning', code: 'model_fallback', message: 'a/b is down; c/d goes on.' },
    { type: 'notice', level: 'info', code: 'other', message: 'Of no interest.' },
  )
  expect(told).toEqual([
    'Title: New title',
    'Model: a/b.',
    'Model settings: temperature=0.5.',
    'History: summary (all of it; the older part as a summary with its facts).',
    'Model settings: as the model has them.',
    'Memory of other conversations: on.',
    '! a/b is down; c/d goes on.',
  ])
})

test('behavior: a clearing is told when it comes, though it stands before the running turn', () => {
  const asked = { type: 'user.message', messageId: 'm', text: 'Hello', via: 'api' } as const
  const compacted: EventBody = { type: 'context.compacted', facts: [], tokensBefore: 10, tokensAfter: 1 }
  const told = tell(asked, { ...turnStarted, messageIds: ['m'] }, compacted, { type: 'context.cleared' })
  expect(told).toMatch(/compacted.*\[── cleared: the model is given nothing of what stands above\]$/s)
})

test('behavior: a turn that sums up says what it has come to, also when that is nothing', () => {
  const begins = { ...turnStarted, trigger: 'system' } as const
  const compacted: EventBody = { type: 'context.compacted', facts: [], tokensBefore: 10, tokensAfter: 1 }
  const ends = { type: 'turn.finished', outcome: 'success' } as const
  expect(tell(begins, compacted, ends)).toBe(
    '|[── compacted (10 → 1 tokens): the model is given nothing of the older part]|',
  )
  expect(tell(begins, ends)).toBe('|[There is nothing to sum up yet.]')
  expect(tell(turnStarted, ends)).toBe('|')
})

test('error: says how a turn failed', () => {
  const end = {
    type: 'turn.finished',
    outcome: 'error',
    code: 'model_silent',
    message: 'No word\u001b[2J.',
  } as const
  expect(tell(turnStarted, end)).toBe('|[The turn failed. No word. (model_silent)]')
})
