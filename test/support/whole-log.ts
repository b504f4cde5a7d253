import { expect } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { emptyView } from '../../src/client/conversation-view.ts'
import type { Client } from '../../src/client/create-client.ts'
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
  const numbers = events.map(({ seq }) => seq)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  const log = await readLog(client, conversationId)
  const kept = new Set(log.map(({ seq }) => seq))
  // Deltas are removed when their message is complete, so a follower has seen more than is kept.
  expect(events.filter(({ seq }) => kept.has(seq))).toEqual(log)
}

/** Whoever applied the events sees the messages that are stored. */
export async function expectSameTexts(
  client: Client,
  conversationId: string,
  events: readonly Event[],
): Promise<void> {
  const view = events.reduce(applyEvent, emptyView)
  const shown = view.entries.flatMap((entry) =>
    entry.kind === 'message' && entry.content.text !== ''
      ? [{ id: entry.id, text: entry.content.text, complete: entry.content.complete }]
      : [],
  )
  const { messages } = await client.getConversation(conversationId)
  const stored = messages
    .filter(({ role, text }) => role !== 'tool' && text !== '')
    .map(({ id, text }) => ({ id, text, complete: true }))
  expect(shown).toEqual(stored)
}

/** Each call that was started has exactly one result. */
export function expectOneResultEach(events: readonly Event[]): void {
  const started = ofType(events, 'tool.started').map(({ callId }) => callId)
  const completed = ofType(events, 'tool.completed').map(({ callId }) => callId)
  expect(completed.toSorted()).toEqual(started.toSorted())
}
