import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'

/** A POST that the server has begun and whose body it waits for. */
export type HeldPost = {
  /** Sends the body; resolves with the answer. */
  finish(): Promise<{ status: number; connection: string | undefined; body: unknown }>
}

/** Sends the head of a POST; resolves when the server has taken it up. */
export async function openHeldPost(url: string, token: string, body: unknown): Promise<HeldPost> {
  const text = JSON.stringify(body)
  const held = request(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      expect: '100-continue',
    },
  })
  held.flushHeaders()
  await once(held, 'continue')
  return {
    async finish() {
      held.end(text)
      const [response]: IncomingMessage[] = await once(held, 'response')
      if (response === undefined) throw new Error('There is no response.')
      const { statusCode = 0, headers } = response
      return { status: statusCode, connection: headers.connection, body: await json(response) }
    },
  }
}
