import type { StreamEvent } from '../contracts/event.ts'
import { createIdleWatchdog } from './idle-watchdog.ts'
import { ProblemError } from './problem-error.ts'
import { readEventStream } from './read-event-stream.ts'
import { retryDelayMs } from './retry-delay.ts'
import { sendRequest, type Transport } from './send-request.ts'
import { UnreachableError } from './unreachable-error.ts'
import { waitMs } from './wait-ms.ts'

/** What happens to the connection below the events. */
export type ConnectionChange = { kind: 'open' } | { kind: 'lost'; cause: Error; retryInMs: number }

export type FollowOptions = {
  /** Events up to this number are known; 0: all of them are wanted; absent: starts with a snapshot. */
  after?: number
  /** Ends the iteration, without an error. */
  signal?: AbortSignal
  onConnection?: (change: ConnectionChange) => void
  /** Silence that counts as a lost connection; default 45 s, three keep-alives. */
  idleTimeoutMs?: number
  /** Throws when there was no connection for this long; default never. */
  giveUpAfterMs?: number
}

/** A connection that lived this long was a good one: the pauses start from the shortest again. */
const steadyAfterMs = 5_000

type Position = {
  cursor: number | undefined
  attempt: number
  retryMs: number
  lostAt: number | undefined
  /** The message that has last taken the place of others, as far as it was seen here. */
  edit: string | undefined
}

/**
 * Follows a conversation: each event once, in order, over any number of connections. A lost connection is
 * opened again after the last event seen; a cursor that the server does not know yields a `snapshot`, and so does an
 * edit that is taken back when it was not seen here: what it had taken away has to come from somewhere.
 * @throws ProblemError when the server says no for good (401, 404)
 * @throws UnreachableError after `giveUpAfterMs`
 */
export async function* followEvents(
  transport: Transport,
  path: string,
  options: FollowOptions = {},
): AsyncGenerator<StreamEvent> {
  const { signal, onConnection, giveUpAfterMs = Infinity } = options
  const position: Position = {
    cursor: options.after,
    attempt: 0,
    retryMs: 0,
    lostAt: undefined,
    edit: undefined,
  }
  while (!signal?.aborted) {
    const cause = yield* readOneConnection(transport, path, position, options)
    if (signal?.aborted) return
    if (cause === undefined) continue
    position.lostAt ??= Date.now()
    if (Date.now() - position.lostAt > giveUpAfterMs) throw new UnreachableError(transport.url, cause)
    const asked = cause instanceof ProblemError ? cause.retryAfterMs : undefined
    const retryInMs = retryDelayMs(position.attempt++, { atLeastMs: Math.max(asked ?? 0, position.retryMs) })
    onConnection?.({ kind: 'lost', cause, retryInMs })
    await waitMs(retryInMs, signal)
  }
}

/** Returns why the connection ended, or nothing when it is to begin anew; throws only if another one cannot help. */
async function* readOneConnection(
  transport: Transport,
  path: string,
  position: Position,
  { signal, onConnection, idleTimeoutMs = 45_000 }: FollowOptions,
): AsyncGenerator<StreamEvent, Error | undefined> {
  const watchdog = createIdleWatchdog(idleTimeoutMs, signal)
  try {
    const body = await openStream(transport, path, position.cursor, watchdog.signal)
    const openedAt = Date.now()
    position.lostAt = undefined
    onConnection?.({ kind: 'open' })
    const hooks = {
      onBytes: () => {
        watchdog.feed()
        // A server that takes every connection and drops it at once must not be asked ten times a second.
        if (Date.now() - openedAt > steadyAfterMs) position.attempt = 0
      },
      onRetry: (retryMs: number) => {
        position.retryMs = retryMs
      },
    }
    for await (const event of readEventStream(body, hooks)) {
      if (!advance(position, event)) continue
      position.attempt = 0
      yield event
      if (!isKnown(position, event)) {
        position.cursor = undefined
        return undefined
      }
    }
    return new Error('the server closed the stream')
  } catch (error) {
    return lossOf(error, position)
  } finally {
    watchdog.close()
  }
}

async function openStream(
  transport: Transport,
  path: string,
  cursor: number | undefined,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: 'text/event-stream' }
  const response = await sendRequest(transport, { path, query: { after: cursor }, headers, signal })
  if (!response.body) throw new Error('the server sent no stream')
  return response.body
}

/** Moves the cursor; false for an event that was seen before. */
function advance(position: Position, event: StreamEvent): boolean {
  if (event.type === 'snapshot') {
    position.cursor = event.lastSeq
    return true
  }
  if (position.cursor !== undefined && event.seq <= position.cursor) return false
  position.cursor = event.seq
  return true
}

/** False when messages come back that a view of the events from here may never have had. */
function isKnown(position: Position, event: StreamEvent): boolean {
  if (event.type === 'messages.restored') return position.edit === event.by
  if (event.type === 'messages.superseded') position.edit = event.by
  if (event.type === 'snapshot') position.edit = undefined
  return true
}

function lossOf(error: unknown, position: Position): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  if (!(error instanceof ProblemError)) return error
  if (error.code === 'cursor_ahead' && position.cursor !== undefined) {
    position.cursor = undefined
    return error
  }
  const final = error.status < 500 && error.status !== 408 && error.status !== 425 && error.status !== 429
  if (final) throw error
  return error
}
