import type { AskedTurn } from './asked-turn.ts'

/** How long a stopped turn may take to end before the command leaves without it, in milliseconds. */
const goodbyeMs = 10_000

/**
 * Stops the turn when the signal aborts, and aborts `leave` when there is nothing to wait for. Returns the
 * function that ends the watch.
 */
export function stopAskedTurn(
  turn: AskedTurn,
  stop: AbortSignal,
  { leave, say }: { leave: AbortController; say: (remark: string) => void },
): () => void {
  let timer: NodeJS.Timeout | undefined
  const onStop = () => {
    say('Stopping…')
    timer = setTimeout(() => leave.abort(), goodbyeMs)
    turn.stop().then(
      (stopping) => {
        if (stopping) return
        say('The question waits for its turn and will be answered there.')
        leave.abort()
      },
      (error: unknown) => {
        say(error instanceof Error ? error.message : String(error))
        leave.abort()
      },
    )
  }
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  return () => {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}
