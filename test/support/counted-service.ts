import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

import { onTestFinished } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { readRetryAfterMs } from '../../src/services/retry-after.ts'

/** A service outside that notes when it is asked. */
export type CountedService = {
  url: string
  /** When each request arrived, by `performance.now()`. */
  arrivals: number[]
  /** Requests that are under way now, and the most there ever were. */
  active: number
  most: number
  /** Asks it, with the errors that a chain's client throws. */
  ask(signal?: AbortSignal): Promise<string>
}

/** What such a service is asked. */
export type AskedRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: string }

/** Serves one that answers as the test says, until the test ends, or what `onEnd` stands for. */
export async function serveCounted(
  answer: (response: ServerResponse, number: number, request: AskedRequest) => void,
  onEnd: (close: () => void) => void = onTestFinished,
): Promise<CountedService> {
  const service: CountedService = { url: '', arrivals: [], active: 0, most: 0, ask }
  const server = createServer((request, response) => {
    service.arrivals.push(performance.now())
    service.active += 1
    service.most = Math.max(service.most, service.active)
    response.once('close', () => {
      service.active -= 1
    })
    const number = service.arrivals.length
    const { method = 'GET', url = '/', headers } = request
    void text(request).then((body) => answer(response, number, { method, path: url, headers, body }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  service.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  async function ask(signal?: AbortSignal): Promise<string> {
    const response = await fetch(service.url, signal === undefined ? {} : { signal })
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

/** An answer that another server gives, as it comes. */
export async function passOn(response: ServerResponse, url: string, body: string): Promise<void> {
  try {
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    for await (const chunk of answer.body ?? []) response.write(chunk)
    response.end()
  } catch {
    response.destroy()
  }
}
