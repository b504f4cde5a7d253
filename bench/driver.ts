import { createClient, type Client } from '../src/client/create-client.ts'
import type { StreamEvent } from '../src/contracts/event.ts'

/** One person with one conversation, whose events are followed as a screen would. */
export type Driver = {
  client: Client
  conversationId: string
  /** Sends a message and waits for the end of its turn. Times count from the moment before the request. */
  runTurn(text?: string): Promise<TurnTimes>
  /** Resolves with the next event that fits; asked for before what causes it. */
  next(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>
  close(): void
}

export type TurnTimes = { firstTokenMs: number; doneMs: number; turnId: string; outcome: string }

type Watcher = { fits(event: StreamEvent): boolean; resolve(event: StreamEvent): void }

/** Opens a conversation with the given model and follows it. */
export async function openDriver(client: Client, model = 'scripted/bench'): Promise<Driver> {
  const { id } = await client.createConversation({ model })
  const watchers = new Set<Watcher>()
  const controller = new AbortController()
  const open = Promise.withResolvers<void>()

  async function follow(): Promise<void> {
    const onConnection = ({ kind }: { kind: string }) => {
      if (kind === 'open') open.resolve()
    }
    for await (const event of client.followEvents(id, {
      after: 0,
      signal: controller.signal,
      onConnection,
    })) {
      for (const watcher of watchers) {
        if (!watcher.fits(event)) continue
        watchers.delete(watcher)
        watcher.resolve(event)
      }
    }
  }
  function next(fits: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    return new Promise((resolve) => watchers.add({ fits, resolve }))
  }

  follow().catch(open.reject)
  await open.promise
  return {
    client,
    conversationId: id,
    next,
    close: () => controller.abort(),
    async runTurn(text = 'Go.') {
      const startedMs = performance.now()
      const firstToken = next(({ type }) => type === 'text.delta' || type === 'text.completed').then(
        () => performance.now() - startedMs,
      )
      const finished = next(({ type }) => type === 'turn.finished')
      await client.postMessage(id, { text })
      const end = await finished
      const doneMs = performance.now() - startedMs
      const outcome = end.type === 'turn.finished' ? end.outcome : ''
      return {
        firstTokenMs: await Promise.race([firstToken, Promise.resolve(doneMs)]),
        doneMs,
        turnId: end.turnId ?? '',
        outcome,
      }
    },
  }
}

/** Logs in as a new guest. */
export async function logIn(url: string): Promise<Client> {
  const { token } = await createClient({ url }).loginAsGuest()
  return createClient({ url, token })
}
