import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

import { createParser } from 'eventsource-parser'

/** Somebody who opened a stream and does not read it, until it wants to. */
export type StalledReader = {
  /** Reads what arrives until the server breaks the connection; resolves with the ids of whole frames. */
  readToEnd(): Promise<number[]>
}

/** Opens a stream as `createClient` does, and leaves everything in the sockets. */
export async function openStalledReader(url: string, token: string): Promise<StalledReader> {
  const request = get(url, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } })
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (response === undefined) throw new Error('There is no response.')
  return {
    async readToEnd() {
      const ids: number[] = []
      const parser = createParser({ onEvent: ({ id }) => void ids.push(Number(id)) })
      response.setEncoding('utf8')
      try {
        for await (const chunk of response) parser.feed(String(chunk))
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
      }
      return ids
    },
  }
}
