import { Client } from 'pg'

import { isListening } from '../process/ports.ts'
import { StartError, messageOf } from './start-error.ts'

/**
 * Checks that the database of DATABASE_URL answers, because without it every part would only wait.
 * @throws StartError
 */
export async function assertDatabase(url: string): Promise<void> {
  const fail = (cause: unknown): never => {
    throw new StartError(
      `DATABASE_URL: the database does not answer (${messageOf(cause)}). ` +
        'Start it, correct DATABASE_URL, or remove it to use the embedded database.',
    )
  }
  try {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    await client.connect()
    await client.end()
  } catch (cause) {
    fail(cause)
  }
}

/**
 * Checks that somebody listens at TEMPORAL_ADDRESS.
 * @throws StartError
 */
export async function assertTemporal(address: string): Promise<void> {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? []
  if (!port) {
    throw new StartError(`TEMPORAL_ADDRESS is "${address}". Write host:port, like 127.0.0.1:7233.`)
  }
  if (await isListening(Number(port), host)) return
  throw new StartError(
    `TEMPORAL_ADDRESS: nobody answers at ${address}. ` +
      'Start that server, correct TEMPORAL_ADDRESS, or remove it to use the development server.',
  )
}
