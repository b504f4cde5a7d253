import type { ServerType } from '@hono/node-server'

const sweepPeriodMs = 50

/**
 * Stops listening and resolves when the last connection is closed. Requests in flight are answered first.
 * Connections whose answer ends after the stop would stay open, idle, until the keep-alive timeout of 5 s.
 */
export async function closeServer(server: ServerType): Promise<void> {
  const sweep = setInterval(() => {
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  }, sweepPeriodMs)
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()))
  } finally {
    clearInterval(sweep)
  }
}
