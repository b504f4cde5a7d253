import { once } from 'node:events'
import { type Server, createServer } from 'node:net'

import { findFreePort, waitForFreePort } from './ports.ts'

// A server that was killed may hold its port for a moment longer.
const releasedWithinMs = 10_000

/** A port that is kept from others until its server is about to start. */
export interface ReservedPort {
  readonly port: number
  /** Must be called right before each start of the server; waits until the port is free. */
  claim(signal?: AbortSignal): Promise<void>
}

/** Keeps the preferred port, or the next one that is free, occupied until it is claimed. */
export async function reservePort(preferred: number): Promise<ReservedPort> {
  for (let first = preferred; ;) {
    const port = await findFreePort(first)
    const keeper = createServer((socket) => socket.destroy()).unref()
    if (await listens(keeper, port)) return createReservation(port, keeper)
    first = port + 1
  }
}

function createReservation(port: number, keeper: Server): ReservedPort {
  return {
    port,
    async claim(signal) {
      if (keeper.listening) {
        keeper.close()
        await once(keeper, 'close')
      }
      await waitForFreePort(port, releasedWithinMs, signal)
    },
  }
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true))
  })
}
