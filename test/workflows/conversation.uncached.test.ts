/** The same without a sticky cache: every workflow task replays the whole history. */
import { afterAll, beforeAll, describe } from 'vitest'

import { backgroundSuite } from './background-suite.ts'
import { busySuite } from './busy-suite.ts'
import { compactionSuite } from './compaction-suite.ts'
import { continueSuite } from './continue-suite.ts'
import { type Engine, openEngine } from './engine.ts'
import { requestsSuite } from './requests-suite.ts'
import { stopSuite } from './stop-suite.ts'
import { turnSuite } from './turn-suite.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ maxCachedWorkflows: 0 })
})
afterAll(() => engine.close())

describe('turns', () => {
  turnSuite(() => engine)
})
describe('stop', () => {
  stopSuite(() => engine)
})
describe('continue-as-new', () => {
  continueSuite(() => engine)
})
describe('messages during a turn', () => {
  busySuite(() => engine)
})
describe('requests', () => {
  requestsSuite(() => engine, 30)
})
describe('summing up', () => {
  compactionSuite(() => engine)
})
describe('background calls', () => {
  backgroundSuite(() => engine)
})
