import { expect } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { emptyView } from '../../src/client/conversation-view.ts'
import type { Client } from '../../src/client/create-client.ts'
import type { Message } from '../../src/contracts/conversation.ts'
import type { Event } from '../../src/contracts/event.ts'
import { ofType } from './follow.ts'

/** The whole log as it is kept now. */
export async function readLog(client: Client, conversationId: string): Promise<Event[]> {
  const found: Event[] = []
  for (let after = 0; ;) {
    const { events, nextAfter, hasMore } = await client.listEvents(conversationId, after)
    found.push(...events)
    if (!hasMore) return found
    after = nextAfter
  }
}

/** A follower was sent everything that is kept, each event once and in order. */
export async function expectEachOnce(
  client: Client,
  conversationId: string,
  events: readonly Event[],
): Promise<void> {
  // Somebody may be following still.
  const received = [...events]
  const numbers = received.map(({ seq }) => seq)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  const log = await readLog(client, conversationId)
  const kept = new Set(log.map(({ seq }) => seq))
  // Deltas are removed when their message is complete, so a follower has seen more than is kept.
  // A title is given after the turn, perhaps when nobody follows any more.
  const sent = log.filter(({ seq }) => seq <= Math.max(0, ...numbers))
  expect(received.filter(({ seq }) => kept.has(seq))).toEqual(sent)
}

/** Whoever applied the events sees the messages that are stored; those that were taken back stand anywhere. */
export async function expectSameTexts(
  client: Client,
  conversationId: string,
  events: readonly Event[],
): Promise<void> {
  const view = events.reduce(applyEvent, emptyView)
  const shown = view.entries.flatMap((entry) =>
    entry.kind === 'message' && entry.content.text !== '' && entry.state !== 'withdrawn'
      ? [{ id: entry.id, text: entry.content.text, complete: entry.content.complete }]
      : [],
  )
  const stored = (await readMessages(client, conversationId))
    .filter(({ role, text, state }) => role !== 'tool' && text !== '' && state !== 'withdrawn')
    .map(({ id, text }) => ({ id, text, complete: true }))
  expect(shown).toEqual(stored)
}

/** All messages, page by page, oldest first. */
async function readMessages(client: Client, conversationId: string): Promise<Message[]> {
  const found: Message[] = []
  for (let before: string | undefined; ;) {
    const page = await client.listMessages(conversationId, before === undefined ? {} : { before })
    found.unshift(...page.messages)
    if (page.olderMessages === undefined) return found
    before = page.olderMessages
  }
}

/** Each call that was started has exactly one result. */
export function expectOneResultEach(events: readonly Event[]): void {
  const started = ofType(events, 'tool.started').map(({ callId }) => callId)
  const completed = ofType(events, 'tool.completed').map(({ callId }) => callId)
  expect(completed.toSorted()).toEqual(started.toSorted())
}

/** Each request that was opened came to exactly one thing. */
function expectOneOutcomeEach(events: readonly Event[]): void {
  const opened = ofType(events, 'request.opened').map(({ requestId }) => requestId)
  const resolved = ofType(events, 'request.resolved').map(({ requestId }) => requestId)
  expect(resolved.toSorted()).toEqual(opened.toSorted())
}

/** After the end of a turn nothing more carries its id, and each turn that began has ended once. */
export function expectTurnsToEndLast(events: readonly Event[]): void {
  const started = ofType(events, 'turn.started').map(({ turnId }) => turnId)
  const finished = ofType(events, 'turn.finished').map(({ turnId }) => turnId)
  expect(finished.filter((turnId) => started.includes(turnId))).toEqual(started)
  const last = new Map(events.map((event) => [event.turnId, event.type]))
  expect(finished.map((turnId) => last.get(turnId))).toEqual(finished.map(() => 'turn.finished'))
}

/** All of the above, of a conversation in which nothing runs any more. */
export async function expectWholeLog(
  client: Client,
  conversationId: string,
  events: readonly Event[],
): Promise<void> {
  await expectEachOnce(client, conversationId, events)
  await expectSameTexts(client, conversationId, events)
  const log = await readLog(client, conversationId)
  expectOneResultEach(log)
  expectOneOutcomeEach(log)
  expectTurnsToEndLast(log)
}
