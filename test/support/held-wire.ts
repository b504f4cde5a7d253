import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on which connections wait: what is sent arrives when it is opened, unless the sender is gone. */
export type HeldWire = {
  url: string
  /** Resolves when somebody has connected. */
  untilConnected(): Promise<void>
  /** Resolves when nobody waits any more: what the last one has sent will not arrive. */
  untilGone(): Promise<void>
  /** Lets everybody through from now on. */
  open(): void
  close(): Promise<void>
}

/** Opens one to a server on this machine. */
export async function openHeldWire(targetUrl: string): Promise<HeldWire> {
  const target = new URL(targetUrl)
  const connected = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  /** With what they have sent. */
  const waiting = new Map<Socket, Buffer[]>()
  let open = false

  function pass(socket: Socket, sent: readonly Buffer[] = []): void {
    const onward = connect(Number(target.port), target.hostname)
    onward.on('error', () => socket.destroy())
    for (const chunk of sent) onward.write(chunk)
    socket.removeAllListeners('data')
    socket.pipe(onward).pipe(socket)
  }

  function leave(socket: Socket): void {
    if (waiting.delete(socket) && waiting.size === 0) gone.resolve()
  }

  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    connected.resolve()
    if (open) {
      pass(socket)
      return
    }
    const sent: Buffer[] = []
    waiting.set(socket, sent)
    // Read, or the end of its sender would not be noticed; nothing of it is passed on before the wire is open.
    socket.on('data', (chunk) => sent.push(chunk))
    socket.once('close', () => leave(socket))
    socket.once('end', () => leave(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The wire has no port.')
  return {
    url: `http://127.0.0.1:${address.port}${target.pathname}`,
    untilConnected: () => connected.promise,
    untilGone: () => gone.promise,
    open() {
      open = true
      for (const [socket, sent] of waiting) pass(socket, sent)
      waiting.clear()
    },
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}
