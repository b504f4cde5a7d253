import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { getRequestListener } from '@hono/node-server'

import { createScriptedApp } from './app.ts'
import type { ScriptedMode } from './app.ts'
import { createGates } from './gates.ts'
import { createRequestLog } from './request-log.ts'
import { createScriptBook } from './script-book.ts'

export type ScriptedModelOptions = {
  /** 0, the default, takes a free one. */
  port?: number
  /** `test` adds the routes that drive it and drops all pauses. Default `demo`. */
  mode?: ScriptedMode
}

/** A running scripted model. */
export type ScriptedModel = {
  port: number
  /** Where it listens, without `/v1`. */
  url: string
  /** What a provider is given as its base URL. */
  baseUrl: string
  /** Breaks what is still open. */
  close(): Promise<void>
}

/** Starts the scripted model on 127.0.0.1. @throws the listen error, as `EADDRINUSE` */
export async function startScriptedModel({
  port = 0,
  mode = 'demo',
}: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const ports = { gates: createGates(), log: createRequestLog(), book: createScriptBook() }
  const listener = getRequestListener(createScriptedApp(mode, ports).fetch)
  const server = createServer((request, response) => void listener(request, response))
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(port, '127.0.0.1', listening.resolve)
  await listening.promise
  const taken = toPort(server.address())
  const url = `http://127.0.0.1:${taken}`
  return { port: taken, url, baseUrl: `${url}/v1`, close: () => close(server) }
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function toPort(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
