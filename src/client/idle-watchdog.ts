/** Aborts its signal when nothing was heard for a while, or when the outer signal aborts. */
export interface IdleWatchdog {
  readonly signal: AbortSignal
  /** Something was heard. */
  feed(): void
  /** Ends what it watches and forgets the timer. */
  close(): void
}

/** A half-open connection (a laptop that slept, a proxy that forgot) says nothing; only silence tells. */
export function createIdleWatchdog(idleTimeoutMs: number, outer?: AbortSignal): IdleWatchdog {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const silence = () => controller.abort(new Error(`nothing was heard for ${idleTimeoutMs} ms`))
  let timer = setTimeout(silence, idleTimeoutMs)
  if (outer?.aborted) abort()
  outer?.addEventListener('abort', abort)
  return {
    signal: controller.signal,
    feed() {
      clearTimeout(timer)
      timer = setTimeout(silence, idleTimeoutMs)
    },
    close() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', abort)
      controller.abort()
    },
  }
}
