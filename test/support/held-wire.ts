import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on which connections wait: what is sent arrives when it is opened, unless the sender is gone. */
export type HeldWire = {
  url: string
  /** Resolves when somebody has connected. */
  untilConnected(): Promise<void>
  /** Lets everybody through from now on. */
  open(): void
  close(): Promise<void>
}

/** Opens one to a server on this machine. */
export async function openHeldWire(targetUrl: string): Promise<HeldWire> {
  const target = new URL(targetUrl)
  const connected = Promise.withResolvers<void>()
  const waiting = new Set<Socket>()
  let open = false

  function pass(socket: Socket): void {
    const onward = connect(Number(target.port), target.hostname)
    onward.on('error', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
  }

  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    connected.resolve()
    if (open) {
      pass(socket)
      return
    }
    waiting.add(socket)
    // Read, or the end of its sender would not be noticed; nothing of it is passed on before the wire is open.
    socket.once('close', () => waiting.delete(socket))
    socket.once('end', () => waiting.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The wire has no port.')
  return {
    url: `http://127.0.0.1:${address.port}${target.pathname}`,
    untilConnected: () => connected.promise,
    open() {
      open = true
      for (const socket of waiting) pass(socket)
      waiting.clear()
    },
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}
