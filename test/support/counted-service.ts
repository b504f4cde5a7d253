import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

import { onTestFinished } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { readRetryAfterMs } from '../../src/services/retry-after.ts'

/** A service outside that notes when it is asked. */
export type CountedService = {
  /** When each request arrived, by `performance.now()`. */
  arrivals: number[]
  /** Requests that are under way now, and the most there ever were. */
  active: number
  most: number
  /** Asks it, with the errors that a chain's client throws. */
  ask(signal?: AbortSignal): Promise<string>
}

/** Serves one that answers as the test says, until the test ends. */
export async function serveCounted(
  answer: (response: ServerResponse, number: number) => void,
): Promise<CountedService> {
  const service: CountedService = { arrivals: [], active: 0, most: 0, ask }
  const server = createServer((request, response) => {
    service.arrivals.push(performance.now())
    service.active += 1
    service.most = Math.max(service.most, service.active)
    response.once('close', () => {
      service.active -= 1
    })
    request.resume()
    answer(response, service.arrivals.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  async function ask(signal?: AbortSignal): Promise<string> {
    const response = await fetch(url, signal === undefined ? {} : { signal })
    const { status, headers } = response
    if (status === 200) return response.text()
    await response.body?.cancel()
    const retryAfterMs = readRetryAfterMs(headers, Date.now())
    throw new AppError('chain_unavailable', `HTTP ${status}`, {
      details: { status },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }
  return service
}
