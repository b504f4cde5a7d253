import type { Database } from './database.ts'
import { keepConnection } from './kept-connection.ts'

export type ChannelListener = {
  onPayload(payload: string): void
  /** Notifications may have been lost: the connection is new. */
  onGap(): void
  /** The connection broke and is being replaced. */
  onError(error: unknown): void
}

/**
 * Listens on one channel through a connection of its own, which is replaced when it breaks. Resolves when the
 * first connection listens; the returned function ends it.
 */
export async function openNotificationChannel(
  database: Database,
  channel: string,
  listener: ChannelListener,
): Promise<() => Promise<void>> {
  return keepConnection(database, {
    prepare(client) {
      client.on('notification', ({ payload }) => {
        if (payload !== undefined) listener.onPayload(payload)
      })
      return client.query(`listen ${channel}`)
    },
    onRestored: () => listener.onGap(),
    onError: (error) => listener.onError(error),
  })
}
