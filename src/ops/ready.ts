/** What a started process tells the one that started it. */
export type ReadyMessage = { type: 'ready'; port?: number }

/** Tells the parent process that this one takes work. Does nothing when there is no parent that listens. */
export function announceReady(ready: { port?: number } = {}): void {
  const message: ReadyMessage = { type: 'ready', ...ready }
  process.send?.(message)
}
