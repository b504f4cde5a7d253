import pg from 'pg'

import { toDatabaseError } from './database-error.ts'
import { createNotifier, type Notifier } from './notifier.ts'

export type DatabaseOptions = {
  url: string
  /** Connections at most; one is enough for everything to work. */
  poolSize: number
  applicationName: string
  /** Told about idle connections that break; the pool replaces them by itself. */
  onIdleError(error: Error): void
}

/** A pool of connections that speaks in prepared statements. All errors went through `toDatabaseError`. */
export interface Database {
  /** Calls a function of the schema and returns its single answer. */
  call<Answer>(functionName: string, values: readonly unknown[]): Promise<Answer>
  /** Runs a statement under a name, so that the server plans it once. */
  rows<Row extends pg.QueryResultRow>(name: string, text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Opens a connection of its own, outside the pool; the caller must end it. Default: no query timeout. */
  openConnection(options?: { queryTimeoutMs?: number }): Promise<pg.Client>
  /** Tells listeners; see `createNotifier`. */
  notify: Notifier['notify']
  /** For libraries that bring their own statements. */
  readonly pool: pg.Pool
  close(): Promise<void>
}

/** Opens the pool; connects with the first statement. */
export function openDatabase(options: DatabaseOptions): Database {
  const connection = {
    connectionString: options.url,
    application_name: options.applicationName,
    types: { getTypeParser },
    keepAlive: true,
  }
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize,
    connectionTimeoutMillis: 5_000,
    // A host that is switched off closes nothing: without these a query waits for a quarter of an hour.
    query_timeout: queryTimeoutMs,
    statement_timeout: statementTimeoutMs,
    ...connecting,
  })
  pool.on('error', (error) => options.onIdleError(error))

  async function rows<Row extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    try {
      return (await pool.query<Row>({ name, text, values: [...values] })).rows
    } catch (error) {
      throw toDatabaseError(error)
    }
  }

  const { notify } = createNotifier((channels, payloads) =>
    rows(
      'notify',
      `select set_config('synchronous_commit', 'off', true), pg_notify(channel, payload)
         from unnest($1::text[], $2::text[]) as given (channel, payload)`,
      [channels, payloads],
    ),
  )

  return {
    pool,
    rows,
    notify,
    async call<Answer>(functionName: string, values: readonly unknown[]) {
      const places = values.map((_, index) => `$${index + 1}`).join(', ')
      const found = await rows<{ answer: Answer }>(
        functionName,
        `select ${functionName}(${places}) as answer`,
        values,
      )
      const [row] = found
      if (row === undefined) throw new Error(`The function ${functionName} returned no row.`)
      return row.answer
    },
    async openConnection(wanted = {}) {
      const timeout = wanted.queryTimeoutMs === undefined ? {} : { query_timeout: wanted.queryTimeoutMs }
      const client = new pg.Client({ ...connection, ...timeout })
      try {
        await client.connect()
      } catch (error) {
        throw toDatabaseError(error)
      }
      return client
    },
    async close() {
      await pool.end()
    },
  }
}

const queryTimeoutMs = 10_000
/** Shorter, so that a server that works tells what it has given up. */
const statementTimeoutMs = 9_000
/**
 * Every statement of a conversation goes by an index. Plans are kept, and those that were made while a table was small
 * read it whole: in a new deployment, whose tables nobody has analysed yet, each turn then costs more than the last.
 */
const planByIndex = 'set enable_seqscan = off; set jit = off'
/** The pool waits for it before it gives a connection to anybody. */
const connecting = {
  onConnect: async (client: pg.ClientBase) => {
    await client.query(planByIndex)
  },
}
const int8 = 20

/** Numbers of events and positions stay below 2^53; the driver would return them as strings. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === int8) return Number
  return pg.types.getTypeParser(oid, format ?? 'text')
}
