/** Sends notifications that have been committed for. */
export type Notifier = {
  /** Never fails and is not waited for: listeners close gaps by themselves. */
  notify(channel: string, payload: string): void
}

/**
 * Sends what comes while a statement is under way with the next one, so that a busy process needs few.
 * `send` runs one statement with an asynchronous commit.
 */
export function createNotifier(
  send: (channels: readonly string[], payloads: readonly string[]) => Promise<unknown>,
): Notifier {
  let waiting: { channel: string; payload: string }[] = []
  let sending = false

  async function sendWaiting(): Promise<void> {
    sending = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const channels = batch.map(({ channel }) => channel)
      const payloads = batch.map(({ payload }) => payload)
      await send(channels, payloads).catch(() => {
        // The database went away between two statements; listeners read on when it is back.
      })
    }
    sending = false
  }

  return {
    notify(channel, payload) {
      waiting.push({ channel, payload })
      if (!sending) void sendWaiting()
    },
  }
}
