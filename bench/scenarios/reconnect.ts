import { setTimeout as pause } from 'node:timers/promises'

import { logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import { countFaults, openReader } from '../readers.ts'
import { readSetting } from '../read-setting.ts'
import type { Scenario } from '../scenario.ts'

const count = readSetting('BENCH_RECONNECTS', 500)
const storms = 5
const conversations = 10
const words = 200
const paceMs = 100
const betweenMs = 3_000

/** In the middle of answers all streams are lost at once, and all come back at once. */
export const reconnect: Scenario = {
  name: 'reconnect',
  about: `${storms} storms: ${count} streams of ${conversations} conversations are cut and opened again at the same moment`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const text = 'word '.repeat(words)
    await scriptModel(settings, 'stormy', [{ parts: [{ type: 'text', text, paceMs }], repeat: true }])
    const drivers = await many(conversations, 5, () => openDriver(client, 'scripted/demo'))
    const idOf = (index: number) => drivers[index % conversations]?.conversationId ?? ''
    let live = await many(count, 25, async (index) => {
      const reader = openReader(client, idOf(index), 0)
      await reader.open
      return reader
    })
    const seen = live.map(({ seen: numbers }) => [numbers])
    const turns = drivers.map((driver) => driver.runTurn('Go [script:stormy]'))
    const opened: number[] = []
    for (let storm = 0; storm < storms; storm++) {
      await pause(betweenMs)
      const startedMs = performance.now()
      for (const reader of live) reader.close()
      live = live.map((before, index) => {
        const reader = openReader(client, idOf(index), before.lastSeq())
        seen[index]?.push(reader.seen)
        void reader.open.then(() => opened.push(performance.now() - startedMs))
        return reader
      })
      await Promise.all(live.map(({ open }) => open))
    }
    await Promise.all(turns)
    const lasts = new Map<string, number>()
    for (const { conversationId } of drivers) {
      lasts.set(conversationId, (await client.getConversation(conversationId)).conversation.lastSeq)
    }
    await Promise.all(live.map((reader, index) => reader.untilSeen(lasts.get(idOf(index)) ?? 0)))
    for (const reader of live) reader.close()
    for (const driver of drivers) driver.close()
    return [
      { name: 'cut until open again, p50', value: round(percentile(opened, 0.5)), unit: 'ms' },
      { name: 'cut until open again, p95', value: round(percentile(opened, 0.95)), unit: 'ms' },
      {
        name: 'events that a reader missed or got twice, in all',
        value: countAll(
          seen.map((parts) => parts.flat()),
          idOf,
        ),
        unit: 'events',
        goal: { atMost: 0 },
      },
    ]
  },
}

/** Readers of one conversation must have seen the same: what one of them has is expected of all. */
function countAll(seen: readonly (readonly number[])[], idOf: (index: number) => string): number {
  const union = new Map<string, Set<number>>()
  for (const [index, numbers] of seen.entries()) {
    const known = union.get(idOf(index)) ?? new Set()
    for (const number of numbers) known.add(number)
    union.set(idOf(index), known)
  }
  return seen.reduce(
    (sum, numbers, index) => sum + countFaults({ seen: [...numbers] }, [...(union.get(idOf(index)) ?? [])]),
    0,
  )
}
