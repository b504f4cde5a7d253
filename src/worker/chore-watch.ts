import { doChore } from '../chores/do-chore.ts'
import type { ChoreServices } from '../chores/chore-services.ts'
import { type Chore, claimChores } from '../store/chores.ts'
import { repeat } from './repeat.ts'

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
  const running = new Set<Promise<void>>()

  async function look(signal: AbortSignal): Promise<void> {
    const limit = choreLimit - running.size
    const chores = limit === 0 ? [] : await claimChores(database, { limit, leaseMs })
    for (const chore of chores) start(chore, signal)
  }

  function start(chore: Chore, signal: AbortSignal): void {
    const { conversationId, kind } = chore
    const done = doChore(chore, services, signal)
      // It is due again when its lease ends.
      .catch((err: unknown) => logger.warn({ err, conversationId, kind }, 'a chore failed'))
      .finally(() => running.delete(done))
    running.add(done)
  }

  const stop = repeat(look, { pauseMs: lookPauseMs, failure: 'looking for chores failed', logger })
  return async () => {
    await stop()
    await Promise.all(running)
  }
}
