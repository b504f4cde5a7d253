import { doChore } from '../chores/do-chore.ts'
import type { ChoreServices } from '../chores/chore-services.ts'
import { type Chore, claimChores } from '../store/chores.ts'

const lookPauseMs = 1_000
/** At the same time, of one worker. */
const choreLimit = 3
/** Of a worker that died with a chore: longer than the helper takes for both of its tries. */
const leaseMs = 150_000

/**
 * Looks each second for chores of the helper model and does a few at a time, beside the turns. Every worker may
 * watch. Returns the function that ends it: what is under way is given back, and awaited.
 */
export function watchForChores(services: ChoreServices): () => Promise<void> {
  const { database, logger } = services
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  let looking = Promise.resolve()
  let timer = setTimeout(next, lookPauseMs)

  function next(): void {
    looking = look()
  }

  async function look(): Promise<void> {
    const limit = choreLimit - running.size
    try {
      const chores = limit === 0 ? [] : await claimChores(database, { limit, leaseMs })
      for (const chore of chores) start(chore)
    } catch (err) {
      logger.warn({ err }, 'looking for chores failed')
    }
    if (!stop.signal.aborted) timer = setTimeout(next, lookPauseMs)
  }

  function start(chore: Chore): void {
    const { conversationId, kind } = chore
    const done = doChore(chore, services, stop.signal)
      // It is due again when its lease ends.
      .catch((err: unknown) => logger.warn({ err, conversationId, kind }, 'a chore failed'))
      .finally(() => running.delete(done))
    running.add(done)
  }

  return async () => {
    stop.abort(new Error('The worker stops.'))
    clearTimeout(timer)
    await looking
    await Promise.all(running)
  }
}
