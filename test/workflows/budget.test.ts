/** What a turn costs in history: an edit that adds a hand-over shows here. */
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { RoundRef } from '../../src/contracts/turn.ts'
import { type Engine, openEngine, success } from './engine.ts'
import { scheduledCall } from './scheduled-call.ts'
import { askTools } from './turn-suite.ts'

/** 28 events and one upsert when the tools end together, at most 32 when one ends apart; 180 bytes an event. */
const eventBudget = 32
const byteBudget = 32 * 180

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

test('a turn of three tools that end together stays in its budget of events and bytes', async () => {
  let arrived = 0
  let release = Promise.withResolvers<void>()
  const conversation = engine.open({
    async callModel({ turnId, round }: RoundRef) {
      const calls = ['a', 'b', 'c'].map((name) => scheduledCall(`${turnId}.r0.${name}`))
      return round === 0 ? askTools(...calls) : success
    },
    async runTool() {
      arrived += 1
      if (arrived % 3 === 0) release.resolve()
      await release.promise
      return { status: 'ok' }
    },
  })
  const measure = async () => {
    const { historyLength, historySize = 0 } = await conversation.handle.describe()
    return { events: historyLength, bytes: historySize }
  }
  await conversation.post('m1')
  await conversation.untilIdle(1)
  const first = await measure()
  release = Promise.withResolvers<void>()
  await conversation.post('m2')
  await conversation.untilIdle(2)
  const second = await measure()
  const turn = { events: second.events - first.events, bytes: second.bytes - first.bytes }
  console.log(`first turn with its start: ${first.events} events, ${first.bytes} bytes`)
  console.log(`second turn: ${turn.events} events, ${turn.bytes} bytes`)
  expect(turn.events).toBeLessThanOrEqual(eventBudget)
  expect(turn.bytes).toBeLessThanOrEqual(byteBudget)
})
