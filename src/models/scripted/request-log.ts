import type { PlayedEnd } from './play-frames.ts'

/** One request as the scripted model saw it. Times are Unix milliseconds. */
export type LoggedRequest = {
  key: string
  /** 1 for the first request with this key. */
  number: number
  model: string
  body: unknown
  state: 'open' | PlayedEnd
  arrivedAtMs: number
  endedAtMs?: number
}

/** What a test can wait for: a request that is there, or one that has ended that way. */
export type AwaitedState = 'arrived' | PlayedEnd

export interface RequestLog {
  /** Returns the function that marks its end. */
  add(key: string, model: string, body: unknown): (end: PlayedEnd) => void
  list(key: string): LoggedRequest[]
  /** Resolves as soon as the request with this number is in that state. @throws the signal's reason */
  until(key: string, number: number, state: AwaitedState, signal: AbortSignal): Promise<LoggedRequest>
}

// Enough for any test; a server that runs all day does not grow.
const keptRequests = 2_000

/** Creates an empty log of requests. */
export function createRequestLog(): RequestLog {
  const requests: LoggedRequest[] = []
  const changed = new EventTarget()
  const list = (key: string) => requests.filter((request) => request.key === key)

  function announce(): void {
    changed.dispatchEvent(new Event('change'))
  }

  return {
    list,
    add(key, model, body) {
      const request: LoggedRequest = {
        key,
        number: (list(key).at(-1)?.number ?? 0) + 1,
        model,
        body,
        state: 'open',
        arrivedAtMs: Date.now(),
      }
      requests.push(request)
      if (requests.length > keptRequests) requests.shift()
      announce()
      return (end) => {
        request.state = end
        request.endedAtMs = Date.now()
        announce()
      }
    },
    until: (key, number, state, signal) =>
      new Promise((resolve, reject) => {
        const done = new AbortController()
        function look(): void {
          const request = list(key).find((candidate) => candidate.number === number)
          if (!request || (state !== 'arrived' && request.state !== state)) return
          done.abort()
          resolve(request)
        }
        signal.addEventListener('abort', () => reject(signal.reason), { signal: done.signal })
        changed.addEventListener('change', look, { signal: done.signal })
        look()
      }),
  }
}
