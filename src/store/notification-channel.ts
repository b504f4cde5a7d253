import type pg from 'pg'

import type { Database } from './database.ts'

export type ChannelListener = {
  onPayload(payload: string): void
  /** Notifications may have been lost: the connection is new. */
  onGap(): void
  /** The connection broke and is being replaced. */
  onError(error: unknown): void
}

const reconnectPauseMs = 250

/**
 * Listens on one channel through a connection of its own, and replaces the connection when it breaks.
 * Resolves when the first connection listens; the returned function ends it.
 */
export async function openNotificationChannel(
  database: Database,
  channel: string,
  listener: ChannelListener,
): Promise<() => Promise<void>> {
  let closed = false
  let current: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined

  async function connect(): Promise<void> {
    const client = await database.openConnection()
    client.on('notification', ({ payload }) => {
      if (payload !== undefined) listener.onPayload(payload)
    })
    client.on('error', (error) => replace(client, error))
    client.on('end', () => replace(client, new Error('The connection ended.')))
    try {
      await client.query(`listen ${channel}`)
    } catch (error) {
      client.end().catch(listener.onError)
      throw error
    }
    // From here on a break is told by the events above; until here, by the error of this function.
    current = client
    if (closed) await client.end()
  }

  function replace(client: pg.Client, error: unknown): void {
    if (closed || current !== client) return
    current = undefined
    listener.onError(error)
    client.end().catch(() => {
      // It is broken already.
    })
    retry()
  }

  function retry(): void {
    timer = setTimeout(() => {
      connect().then(
        () => listener.onGap(),
        (error: unknown) => {
          listener.onError(error)
          if (!closed) retry()
        },
      )
    }, reconnectPauseMs)
  }

  await connect()
  return async () => {
    closed = true
    clearTimeout(timer)
    await current?.end()
  }
}
