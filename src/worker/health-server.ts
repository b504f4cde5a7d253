import { createServer, type Server } from 'node:http'

/** Answers `/healthz` while the process lives and `/readyz` while the worker polls. */
export function startHealthServer(port: number, isReady: () => boolean): Server {
  const server = createServer((request, response) => {
    const ok = request.url === '/healthz' || (request.url === '/readyz' && isReady())
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: ok ? 'ok' : 'unavailable' }))
  })
  return server.listen(port)
}
