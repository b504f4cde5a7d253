import type { Chore } from '../store/chores.ts'
import type { ChoreServices } from './chore-services.ts'
import { writeMemoryEntry } from './write-memory-entry.ts'
import { writeTitle } from './write-title.ts'

/** Does what the helper model has to do for a conversation. `signal` gives it back to be done elsewhere. */
export function doChore(chore: Chore, services: ChoreServices, signal: AbortSignal): Promise<void> {
  return chore.kind === 'title'
    ? writeTitle(chore, services, signal)
    : writeMemoryEntry(chore, services, signal)
}
