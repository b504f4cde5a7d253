import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

/**
 * Gates that tools in other processes wait at, so that a test decides when each goes on. A tool asks for
 * `GET {url}/{name}` and gets an answer when the gate is open.
 */
export type Gates = {
  url: string
  /** Lets everybody through, now and later. */
  open(name: string): void
  /** How often something arrived at the gate. */
  arrivals(name: string): number
  /** Resolves when that many have arrived at the gate. */
  untilArrived(name: string, count?: number): Promise<void>
  /** Resolves when somebody has left without having been let through. */
  untilLeft(name: string): Promise<void>
  close(): Promise<void>
}

type Gate = {
  open: boolean
  arrivals: number
  left: PromiseWithResolvers<void>
  waiting: ServerResponse[]
  watchers: (() => void)[]
}

/** Starts a server of gates; all are closed. */
export async function openGates(): Promise<Gates> {
  const gates = new Map<string, Gate>()
  const gateOf = (name: string): Gate => {
    const gate = gates.get(name) ?? {
      open: false,
      arrivals: 0,
      left: Promise.withResolvers(),
      waiting: [],
      watchers: [],
    }
    gates.set(name, gate)
    return gate
  }
  const server = createServer((request, response) => {
    const gate = gateOf(decodeURIComponent((request.url ?? '').slice(1)))
    gate.arrivals += 1
    for (const watch of gate.watchers) watch()
    response.once('close', () => {
      if (!response.writableEnded) gate.left.resolve()
    })
    response.setHeader('x-arrivals', gate.arrivals)
    if (gate.open) response.end('open')
    else gate.waiting.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The gates have no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    open(name) {
      const gate = gateOf(name)
      gate.open = true
      for (const response of gate.waiting.splice(0)) response.end('open')
    },
    arrivals: (name) => gateOf(name).arrivals,
    async untilArrived(name, count = 1) {
      const gate = gateOf(name)
      if (gate.arrivals >= count) return
      await new Promise<void>((resolve) => {
        gate.watchers.push(() => {
          if (gate.arrivals >= count) resolve()
        })
      })
    },
    untilLeft: (name) => gateOf(name).left.promise,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
