import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import type { Client } from '../../src/client/create-client.ts'
import { type Driver, logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import { readSetting } from '../read-setting.ts'
import type { Figure, Scenario } from '../scenario.ts'

const conversations = 30
const spanMs = readSetting('BENCH_ISOLATION_SECONDS', 60) * 1_000
const warmUpMs = 5_000
/** Between two turns of a conversation, so that the machine is far from busy. */
const thinkMs = 10_000

/** What a tool does in a conversation of another owner, again and again. */
type Habit = { call: { name: string; arguments: Record<string, unknown> }; restMs: number }

const misbehaving: readonly Habit[] = [
  { call: { name: 'throw_error', arguments: {} }, restMs: 1_000 },
  { call: { name: 'spin', arguments: { spinMs: 5_000 } }, restMs: 25_000 },
  { call: { name: 'hang', arguments: {} }, restMs: 1_000 },
]
/** As often and as long: what these owners' turns cost by themselves. */
const behaving: readonly Habit[] = [0, 5_000, 30_000].map((waitMs, index) => ({
  call: { name: 'wait', arguments: { waitMs } },
  restMs: misbehaving[index]?.restMs ?? 0,
}))

/** People who talk at their ease, before and while other owners' tools behave, and misbehave. */
export const isolation: Scenario = {
  name: 'isolation',
  about: `${conversations} conversations with ${thinkMs / 1_000} s between turns, ${spanMs / 1_000} s each way: alone, beside three owners whose tools wait, and whose tools throw, spin for 5 s, and never end`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const drivers = await many(conversations, 5, () => openDriver(client))
    await talkFor(drivers, warmUpMs)
    const beside = async (habits: readonly Habit[]) => {
      const stop = new AbortController()
      const others = habits.map(async (habit) => repeat(await logIn(url), settings, habit, stop.signal))
      const times = await talkFor(drivers, spanMs)
      stop.abort()
      await Promise.allSettled(others)
      return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), times }
    }
    const alone = await beside([])
    const calm = await beside(behaving)
    const disturbed = await beside(misbehaving)
    for (const driver of drivers) driver.close()
    return [
      { name: 'first tokens that were measured, each way', value: alone.times.length, unit: 'turns' },
      ...[
        { name: 'alone', ...alone },
        { name: 'beside tools that wait', ...calm },
        { name: 'beside tools that misbehave', ...disturbed },
      ].flatMap(({ name, p50, p95, times }): Figure[] => [
        { name: `first token p50, ${name}`, value: round(p50), unit: 'ms' },
        { name: `first token p95, ${name}`, value: round(p95), unit: 'ms' },
        { name: `first token, slowest, ${name}`, value: round(Math.max(...times)), unit: 'ms' },
      ]),
      {
        name: 'first token p95 beside tools that misbehave against alone',
        value: toRatio(disturbed.p95, alone.p95),
        unit: 'x',
        goal: { atMost: 1.1 },
      },
      {
        name: 'the same against beside tools that wait',
        value: toRatio(disturbed.p95, calm.p95),
        unit: 'x',
      },
    ]
  },
}

function toRatio(value: number, against: number): number {
  return Math.round((value / against) * 100) / 100
}

/** Every conversation at its own moment. Returns the times to the first token. */
async function talkFor(drivers: readonly Driver[], forMs: number): Promise<number[]> {
  const times: number[] = []
  const untilMs = performance.now() + forMs
  await Promise.all(
    drivers.map(async (driver, index) => {
      await pause((thinkMs * index) / drivers.length)
      while (performance.now() < untilMs) {
        times.push((await driver.runTurn()).firstTokenMs)
        await pause(thinkMs)
      }
    }),
  )
  return times
}

/** Has a tool do what it does until it is told to stop. */
async function repeat(
  client: Client,
  settings: Record<string, string>,
  { call, restMs }: Habit,
  signal: AbortSignal,
): Promise<void> {
  const key = `repeat-${randomUUID()}`
  while (!signal.aborted) {
    await scriptModel(settings, key, [
      { parts: [{ type: 'toolCalls', calls: [call] }] },
      { parts: [{ type: 'text', text: 'Done.' }] },
    ])
    const driver = await openDriver(client, 'scripted/demo')
    const turn = driver.runTurn(`Go [script:${key}]`)
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    await Promise.race([turn, stopped])
    if (signal.aborted) await client.cancelTurn(driver.conversationId)
    driver.close()
    await pause(restMs, undefined, { signal })
  }
}
