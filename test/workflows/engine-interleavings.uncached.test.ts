/** The same without a sticky cache: every workflow task replays the whole history. */
import { afterAll, beforeAll } from 'vitest'

import { type Engine, openEngine } from './engine.ts'
import { interleavingsSuite } from './interleavings-suite.ts'

let engine: Engine
beforeAll(async () => {
  // A task that waits in the worker for its turn would meet its timeout there.
  engine = await openEngine({ maxCachedWorkflows: 0, maxConcurrentWorkflowTaskExecutions: 2 })
})
afterAll(() => engine.close())

interleavingsSuite(() => engine, { conversations: 40, atOnce: 6 })
