import type { Event } from '../contracts/event.ts'
import { applyEvent } from './apply-event.ts'
import type { ConversationView } from './conversation-view.ts'
import type { Client } from './create-client.ts'
import { viewOfSnapshot } from './view-of-snapshot.ts'

/** How far back the running turn is looked for, in event numbers. */
const reachBack = 1_000

/**
 * Loads what a screen starts from; follow the events after its `lastSeq`. A snapshot has no half-written
 * answer, no titles of running tools and no usage, so the running turn is completed from the log.
 */
export async function loadView(client: Client, conversationId: string): Promise<ConversationView> {
  const view = viewOfSnapshot(await client.getConversation(conversationId))
  const { turn, lastSeq } = view
  if (!turn) return view
  const events = await listBetween(client, conversationId, Math.max(0, lastSeq - reachBack), lastSeq)
  const running = events.filter((event) => event.turnId === turn.turnId && isContent(event))
  // Numbers below the snapshot's are let through for this once.
  const completed = running.reduce<ConversationView>(applyEvent, { ...view, lastSeq: 0 })
  return { ...completed, state: view.state, lastSeq }
}

async function listBetween(client: Client, id: string, after: number, upTo: number): Promise<Event[]> {
  const found: Event[] = []
  for (let cursor = after; cursor < upTo;) {
    const { events, nextAfter, hasMore } = await client.listEvents(id, cursor)
    found.push(...events)
    if (!hasMore || nextAfter <= cursor) break
    cursor = nextAfter
  }
  return found.filter(({ seq }) => seq <= upTo)
}

function isContent({ type }: Event): boolean {
  if (type === 'usage.recorded') return true
  return type.startsWith('text.') || type.startsWith('reasoning.') || type.startsWith('tool.')
}
