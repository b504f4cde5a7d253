/** Whatever happens to conversations in the real engine: they come back to rest, and no promise is broken. */
import { afterAll, beforeAll } from 'vitest'

import { type Engine, openEngine } from './engine.ts'
import { interleavingsSuite } from './interleavings-suite.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

interleavingsSuite(() => engine, { conversations: 160, atOnce: 16 })
