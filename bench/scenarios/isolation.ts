import { setTimeout as pause } from 'node:timers/promises'

import type { Client } from '../../src/client/create-client.ts'
import { type Driver, logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import { readSetting } from '../read-setting.ts'
import type { Scenario } from '../scenario.ts'

const conversations = 30
const spanMs = readSetting('BENCH_ISOLATION_SECONDS', 60) * 1_000
const warmUpMs = 5_000
/** Between two turns of a conversation, so that the machine is far from busy. */
const thinkMs = 10_000

/** What other owners' tools do meanwhile: each in a conversation of its own, again and again. */
const nuisances = {
  throws: { calls: [{ name: 'throw_error', arguments: {} }], restMs: 1_000 },
  spins: { calls: [{ name: 'spin', arguments: { spinMs: 5_000 } }], restMs: 25_000 },
  'never ends': { calls: [{ name: 'hang', arguments: {} }], restMs: 1_000 },
}

/** People who talk at their ease, before and while other owners' tools misbehave. */
export const isolation: Scenario = {
  name: 'isolation',
  about: `${conversations} conversations with ${thinkMs / 1_000} s between turns, ${spanMs / 1_000} s each way; then tools that throw, spin for 5 s, and never end`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const drivers = await many(conversations, 5, () => openDriver(client))
    await talkFor(drivers, warmUpMs)
    const quiet = await talkFor(drivers, spanMs)
    const stop = new AbortController()
    const kinds = ['throws', 'spins', 'never ends'] as const
    const nuisance = kinds.map(async (kind) => disturb(await logIn(url), settings, kind, stop.signal))
    const beside = await talkFor(drivers, spanMs)
    stop.abort()
    await Promise.allSettled(nuisance)
    for (const driver of drivers) driver.close()
    const p95 = (times: readonly number[]) => percentile(times, 0.95)
    return [
      { name: 'first tokens that were measured, each way', value: quiet.length, unit: 'turns' },
      { name: 'first token p50, quiet', value: round(percentile(quiet, 0.5)), unit: 'ms' },
      { name: 'first token p95, quiet', value: round(p95(quiet)), unit: 'ms' },
      { name: 'first token p50, beside the tools', value: round(percentile(beside, 0.5)), unit: 'ms' },
      { name: 'first token p95, beside the tools', value: round(p95(beside)), unit: 'ms' },
      { name: 'first token, slowest, beside the tools', value: round(Math.max(...beside)), unit: 'ms' },
      {
        name: 'first token p95 beside the tools against quiet',
        value: Math.round((p95(beside) / p95(quiet)) * 100) / 100,
        unit: 'x',
        goal: { atMost: 1.1 },
      },
    ]
  },
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

/** Has a tool misbehave until it is told to stop. */
async function disturb(
  client: Client,
  settings: Record<string, string>,
  kind: keyof typeof nuisances,
  signal: AbortSignal,
): Promise<void> {
  const { calls, restMs } = nuisances[kind]
  const key = `disturb-${calls[0]?.name}`
  while (!signal.aborted) {
    await scriptModel(settings, key, [
      { parts: [{ type: 'toolCalls', calls }] },
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
