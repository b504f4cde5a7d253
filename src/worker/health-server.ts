import { createServer, type RequestListener, type Server } from 'node:http'

import type { Metrics } from '../ops/metrics.ts'

export type HealthSources = { isReady(): boolean; metrics: Metrics }

/** Answers `/healthz` while the process lives, `/readyz` while the worker polls, and `/metrics`. */
export function startHealthServer(port: number, { isReady, metrics }: HealthSources): Server {
  const answer: RequestListener = (request, response) => {
    if (request.url === '/metrics') {
      metrics.read().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
      return
    }
    const ok = request.url === '/healthz' || (request.url === '/readyz' && isReady())
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable' }))
  }
  return createServer(answer).listen(port)
}
