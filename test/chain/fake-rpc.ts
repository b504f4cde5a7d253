import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

import { onTestFinished } from 'vitest'

/** The key that stands in the URL of every fake RPC; it must never be seen again. */
export const rpcKey = 'SECRETKEY0123456789'

export type FakeRpc = { url: string; requests: string[] }

/** Serves an RPC that misbehaves as the test says, until the test ends. */
export async function serveFakeRpc(
  answer: (response: ServerResponse, body: string) => void,
): Promise<FakeRpc> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    void text(request).then((body) => answer(response, body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://user:${rpcKey}@127.0.0.1:${port}/v2/${rpcKey}?key=${rpcKey}`, requests }
}

/** Answers a request with a JSON-RPC body. */
export function answerJson(response: ServerResponse, body: Record<string, unknown>, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }))
}
