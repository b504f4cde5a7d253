import type { Client } from '../../src/client/create-client.ts'
import type { Event, EventType, StreamEvent } from '../../src/contracts/event.ts'

/** A client that follows a conversation from its first event, and keeps all it was sent. */
export type Following = {
  /** In the order in which they came, snapshots left out. */
  events: Event[]
  /** Resolves with the first event, past or coming, that fits. */
  until(fits: (event: Event) => boolean): Promise<Event>
  /** Resolves with the nth end of a turn, past or coming; n is 1 or more. */
  untilTurns(count: number): Promise<Event>
  close(): void
}

type Watcher = { fits(event: Event): boolean; resolve(event: Event): void }

/** Follows from event 0 until it is closed; reconnects by itself as every client does. */
export function follow(client: Client, conversationId: string): Following {
  const events: Event[] = []
  const watchers = new Set<Watcher>()
  const controller = new AbortController()

  async function run(): Promise<void> {
    const stream = client.followEvents(conversationId, { after: 0, signal: controller.signal })
    for await (const event of stream) if (isStored(event)) take(event)
  }

  function take(event: Event): void {
    events.push(event)
    for (const watcher of watchers) {
      if (!watcher.fits(event)) continue
      watchers.delete(watcher)
      watcher.resolve(event)
    }
  }

  async function until(fits: (event: Event) => boolean): Promise<Event> {
    const found = events.find(fits)
    if (found !== undefined) return found
    return new Promise((resolve) => watchers.add({ fits, resolve }))
  }

  run().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  return {
    events,
    until,
    untilTurns(count) {
      let seen = 0
      return until((event) => isTurnEnd(event) && ++seen === count)
    },
    close: () => controller.abort(),
  }
}

/** The events of one type, in order. */
export function ofType<Type extends EventType>(
  events: readonly Event[],
  type: Type,
): Extract<Event, { type: Type }>[] {
  return events.filter((event): event is Extract<Event, { type: Type }> => event.type === type)
}

function isTurnEnd(event: Event): boolean {
  return event.type === 'turn.finished'
}

function isStored(event: StreamEvent): event is Event {
  return event.type !== 'snapshot'
}
