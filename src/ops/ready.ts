import { flushCompileCache } from 'node:module'

/** What a started process tells the one that started it. */
export type ReadyMessage = { type: 'ready'; port?: number }

/** Tells the parent process that this one takes work. Does nothing when there is no parent that listens. */
export function announceReady(ready: { port?: number } = {}): void {
  // With NODE_COMPILE_CACHE set; it would be written at the exit only, which a kill -9 leaves out.
  flushCompileCache()
  const message: ReadyMessage = { type: 'ready', ...ready }
  process.send?.(message)
}
