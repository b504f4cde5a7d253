import { expect, test } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import type { Conversation } from '../../src/contracts/conversation.ts'
import type { EventBody } from '../../src/contracts/event.ts'

const conversation: Conversation = {
  id: 'c_1',
  title: 'Test',
  state: 'idle',
  model: 'a/one',
  modelSettings: { temperature: 1 },
  fallbackModels: ['b/two'],
  instructions: 'Be brief.',
  tools: ['time_now'],
  busyPolicy: 'queue',
  permissions: 'ask',
  history: { kind: 'full' },
  memory: false,
  archived: false,
  stalled: false,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  lastSeq: 0,
}

function apply(...bodies: EventBody[]): ConversationView {
  const base = { v: 1 as const, conversationId: 'c_1', turnId: 'c_1.t1', ts: '2026-01-02T00:00:00.000Z' }
  return bodies.reduce<ConversationView>(
    (view, body, index) => applyEvent(view, { ...base, seq: index + 1, ...body }),
    { ...emptyView, conversation },
  )
}

test('changes of settings take the place of those there were', () => {
  const view = apply({
    type: 'conversation.updated',
    model: 'b/two',
    modelSettings: {},
    tools: ['account_info'],
    fallbackModels: [],
  })
  expect(view.conversation).toEqual({
    ...conversation,
    model: 'b/two',
    modelSettings: {},
    tools: ['account_info'],
    fallbackModels: [],
    updatedAt: '2026-01-02T00:00:00.000Z',
  })
})

test('behavior: what is null is the deployment’s again', () => {
  const view = apply({ type: 'conversation.updated', fallbackModels: null, instructions: null, tools: null })
  const { fallbackModels: _f, instructions: _i, tools: _t, ...rest } = conversation
  expect(view.conversation).toEqual({ ...rest, updatedAt: '2026-01-02T00:00:00.000Z' })
})

test('behavior: a round that begins with another model says who goes on', () => {
  const started: EventBody = {
    type: 'turn.started',
    trigger: 'user',
    messageIds: [],
    model: 'a/one',
    promptHash: 'hash',
  }
  expect(apply(started, { type: 'round.started', round: 1 }).turn?.model).toBe('a/one')
  expect(apply(started, { type: 'round.started', round: 1, model: 'b/two' }).turn?.model).toBe('b/two')
  const fallback: EventBody = { type: 'round.started', round: 0, model: 'b/two' }
  const view = apply(started, { type: 'round.started', round: 0 }, fallback, {
    type: 'round.started',
    round: 1,
  })
  expect(view.turn).toMatchObject({ round: 1, model: 'b/two' })
})
