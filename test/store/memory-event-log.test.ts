/** The suites themselves: an implementation without a database passes them. */
import { randomUUID } from 'node:crypto'

import { eventLogCrashConformance } from '../conformance/event-log-crash.ts'
import { eventLogConformance } from '../conformance/event-log.ts'
import { createMemoryEventLog, type MemoryEventLog } from '../support/memory-event-log.ts'

function toHarness({ log, ...memory }: MemoryEventLog) {
  return {
    log,
    other: log,
    async createConversation() {
      const made = { id: randomUUID(), owner: randomUUID() }
      memory.createConversation(made.id, made.owner)
      return made
    },
    runTurn: async (id: string, turnId: string | null) => memory.runTurn(id, turnId),
    breakConnections: async () => memory.breakConnections(),
    crash: async () => memory.crash(),
    close: async () => {},
  }
}

eventLogConformance('a log in memory', async () => toHarness(createMemoryEventLog()))
eventLogCrashConformance('a log in memory', async () => toHarness(createMemoryEventLog()))
