import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Says whether a server could listen on `port` and be the only one that `localhost` reaches there. */
export async function isPortFree(port: number): Promise<boolean> {
  if (await isListening(port)) return false
  // A server on ::1 alone would be what many clients get for `localhost`.
  return (await canBind(port, '127.0.0.1')) && (await canBind(port, '::1'))
}

/** Says whether somebody answers on 127.0.0.1 at `port`. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 2_000 })
    const finish = (listening: boolean): void => {
      socket.destroy()
      resolve(listening)
    }
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
    socket.once('timeout', () => finish(false))
  })
}

/** Finds the preferred port or the next one that nobody uses. */
export async function findFreePort(preferred: number): Promise<number> {
  for (let port = preferred; port <= 65_535; port++) {
    if (await isPortFree(port)) return port
  }
  throw new Error(`No free port from ${preferred} upwards.`)
}

/** Finds a free port anywhere, for servers that nobody looks for at a usual place. */
export function findAnyPort(): Promise<number> {
  // Below the range from which the system takes the ports of outgoing connections.
  return findFreePort(20_000 + Math.floor(Math.random() * 12_000))
}

/** Waits until a port can be used again: a server that was stopped or killed may hold it for seconds. */
export async function waitForFreePort(port: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await isPortFree(port))) {
    if (Date.now() > deadline) throw new Error(`Port ${port} is still in use after ${timeoutMs / 1000} s.`)
    await sleep(50, undefined, { signal })
  }
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(isHostAbsent(error)))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

// Without IPv6 there is no ::1 that another server could have taken.
function isHostAbsent(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'
}
