import { expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import type { EventBody } from '../../src/contracts/event.ts'
import { chatRows, type ChatStatus } from '../../src/terminal/chat-rows.ts'
import { createPalette } from '../../src/terminal/palette.ts'

const ts = '2026-11-21T12:00:00.000Z'
const quiet: ChatStatus = {
  sending: [],
  stopping: false,
  connection: 'good',
  prompt: undefined,
  answering: false,
  conversationId: 'c',
  nextModel: undefined,
}
const options = {
  palette: createPalette({}, {}),
  columns: 60,
  nowMs: Date.parse(ts) + 2_000,
  answering: false,
}
const started: EventBody = {
  type: 'turn.started',
  trigger: 'user',
  messageIds: [],
  model: 'm',
  promptHash: 'h',
}

function viewOf(...bodies: EventBody[]): ConversationView {
  return bodies.reduce<ConversationView>(
    (view, body, index) =>
      applyEvent(view, { v: 1, seq: index + 1, conversationId: 'c', turnId: 't', ts, ...body }),
    emptyView,
  )
}

test('shows nothing when nothing happens', () => {
  expect(chatRows(emptyView, quiet, options)).toEqual([])
})

test('shows what the model does while there is nothing else to see', () => {
  expect(chatRows(viewOf(started), quiet, options)).toEqual(['⠋ thinking  2 s'])
  expect(chatRows(viewOf(started), quiet, { ...options, answering: true })).toEqual([])
})

test('behavior: shows a row for each running tool', () => {
  const tool = (callId: string) =>
    ({
      type: 'tool.started',
      callId,
      name: 'n',
      title: callId,
      effect: 'read',
      input: {},
      background: false,
    }) as const
  const view = viewOf(started, tool('one'), tool('two'), {
    type: 'tool.completed',
    callId: 'one',
    status: 'ok',
  })
  expect(chatRows(view, quiet, options)).toEqual(['⠋ two  2.0 s'])
})

test('behavior: shows what is on its way and what waits', () => {
  const asked = (messageId: string) =>
    ({ type: 'user.message', messageId, text: `text ${messageId}`, via: 'api' }) as const
  const view = viewOf(asked('a'), asked('b'), { type: 'message.queued', messageId: 'b', position: 0 })
  expect(chatRows(view, { ...quiet, sending: ['c'] }, options)).toEqual([
    '› text a',
    '› c',
    '  queued: text b',
  ])
})

test('behavior: says that a repeated answer is on its way, and how the connection is', () => {
  const view = viewOf(started, { type: 'text.started', messageId: 'm', attempt: 2 })
  const rows = chatRows(
    view,
    { ...quiet, connection: 'lost', stopping: true },
    { ...options, answering: true },
  )
  expect(rows).toEqual([
    '⠋ the model was asked again for this answer',
    'The connection was lost; trying again.',
    'Stopping… Ctrl-C again leaves; the turn stops by itself.',
  ])
})

const opened = {
  type: 'request.opened',
  requestId: 'r',
  kind: 'permission',
  callId: 'k',
  expiresAt: '2026-11-21T15:00:00.000Z',
  card: {
    calls: [
      {
        callId: 'k',
        tool: 'n',
        title: 'Send\u001b[2J everything',
        effect: 'sign',
        input: {},
        targets: { contracts: [], domains: [] },
        rule: 'policy:ask',
      },
    ],
  },
} satisfies EventBody

test('behavior: says what is waited for and until when, also where it does not fit', () => {
  const [row = ''] = chatRows(viewOf(started, opened), quiet, { ...options, columns: 100 })
  expect(row).toMatch(/^waiting until 2026-11-2\d \d\d:\d\d \(3 h\) for permission for “Send everything”$/)
  const [narrow = ''] = chatRows(viewOf(started, opened), quiet, { ...options, columns: 40 })
  expect(narrow).toMatch(/^waiting until 2026-11-2\d \d\d:\d\d \(3 h\).*…$/)
  expect(narrow.length).toBeLessThan(40)
})

test('behavior: says that a conversation is stalled, and what helps', () => {
  const view = viewOf(started)
  const conversation = { ...stalledConversation, stalled: true }
  expect(chatRows({ ...view, conversation }, quiet, options)).toContainEqual(
    expect.stringMatching(/^Stalled: its workflow cannot go on\. \/reset ends/),
  )
})

const stalledConversation = {
  id: 'c',
  title: 't',
  state: 'thinking',
  model: 'm',
  modelSettings: {},
  busyPolicy: 'queue',
  permissions: 'ask',
  history: { kind: 'full' },
  memory: false,
  archived: false,
  createdAt: ts,
  updatedAt: ts,
  lastSeq: 1,
} as const
