import type pg from 'pg'

import type { Database } from './database.ts'

export type KeptConnectionOptions = {
  /** Run on each new connection before it counts as there. */
  prepare(client: pg.Client): Promise<unknown>
  /** A broken connection has been replaced. */
  onRestored?(): void
  /** The connection broke and is being replaced. */
  onError(error: unknown): void
}

const reconnectPauseMs = 200
const pingPeriodMs = 5_000
const pingTimeoutMs = 5_000

/**
 * Keeps a connection outside the pool and replaces it when it breaks, also when its server has gone silent: a
 * host that is switched off closes nothing. Resolves when the first one is prepared; the returned function ends
 * it.
 */
export async function keepConnection(
  database: Database,
  options: KeptConnectionOptions,
): Promise<() => Promise<void>> {
  let closed = false
  let current: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined

  async function connect(): Promise<void> {
    const client = await database.openConnection({ queryTimeoutMs: pingTimeoutMs })
    client.on('error', (error) => replace(client, error))
    client.on('end', () => replace(client, new Error('The connection ended.')))
    try {
      await options.prepare(client)
    } catch (error) {
      client.end().catch(options.onError)
      throw error
    }
    // From here on a break is told by the events above; until here, by the error of this function.
    current = client
    if (closed) await client.end()
  }

  /** A broken connection tells so several times; only the first time it is still the current one. */
  function replace(client: pg.Client, error: unknown): void {
    if (closed || current !== client) return
    current = undefined
    client.end().catch(() => {
      // It is broken already.
    })
    retry(error)
  }

  function retry(error: unknown): void {
    options.onError(error)
    timer = setTimeout(() => {
      if (!closed) connect().then(() => options.onRestored?.(), retry)
    }, reconnectPauseMs)
  }

  await connect()
  const ping = setInterval(() => {
    const client = current
    client?.query('select 1').catch((error: unknown) => replace(client, error))
  }, pingPeriodMs)
  return async () => {
    closed = true
    clearTimeout(timer)
    clearInterval(ping)
    await current?.end()
  }
}
