/** The same without a sticky cache: every workflow task replays the whole history. */
import { afterAll, beforeAll } from 'vitest'

import { type Engine, openEngine } from './engine.ts'
import { interleavingsSuite } from './interleavings-suite.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ maxCachedWorkflows: 0 })
})
afterAll(() => engine.close())

interleavingsSuite(() => engine, 60)
