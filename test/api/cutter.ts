import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire to a shared server that one test file can cut, without harm to the others. */
export type Cutter = {
  /** As host:port, instead of the server's own. */
  address: string
  /** Breaks what is open and takes nothing new. */
  cut(): void
  /** Passes nothing on any more and breaks nothing, as a host that was switched off. */
  silence(): void
  mend(): void
  close(): Promise<void>
}

/** Passes connections on to `target`, as host:port. */
export async function openCutter(target: string): Promise<Cutter> {
  const open = new Set<Socket>()
  const { hostname, port } = new URL(`tcp://${target}`)
  let isCut = false
  let isSilent = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    if (isSilent) near.pause()
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      if (!isSilent) socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const taken = server.address()
  if (taken === null || typeof taken === 'string') throw new Error('The cutter has no port.')
  const breakAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    address: `127.0.0.1:${taken.port}`,
    cut() {
      isCut = true
      breakAll()
    },
    silence() {
      isSilent = true
      for (const socket of open) socket.unpipe().pause()
    },
    mend() {
      // What a silent connection has swallowed cannot be made up for.
      if (isSilent) breakAll()
      isCut = false
      isSilent = false
    },
    async close() {
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
