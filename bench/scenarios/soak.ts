import { setTimeout as pause } from 'node:timers/promises'

import { logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { readMemoryOfParts } from '../memory.ts'
import { percentile, round } from '../percentile.ts'
import { readSetting } from '../read-setting.ts'
import type { Figure, Scenario } from '../scenario.ts'

const minutes = readSetting('BENCH_SOAK_MINUTES', 30)
const clients = 16
/** Between two turns of a client, so that the machine is about half busy. */
const thinkMs = 1_500
/** A client begins a new conversation after so many turns. */
const turnsOfEach = 30
/** Of the whole time: until then caches fill. */
const warmUpShare = 0.1

/** The same load for a long time: does anything grow, or become slower? */
export const soak: Scenario = {
  name: 'soak',
  about: `${minutes} min, ${clients} clients with ${thinkMs / 1_000} s between turns, a new conversation each ${turnsOfEach} turns`,
  onlyNamed: true,
  async run(product) {
    const startedMs = performance.now()
    const spanMs = minutes * 60_000
    const passed = () => (performance.now() - startedMs) / spanMs
    const times: { at: number; doneMs: number }[] = []
    let failed = 0

    async function talk(index: number): Promise<void> {
      const client = await logIn(product.url)
      await pause((thinkMs * index) / clients)
      while (passed() < 1) {
        const driver = await openDriver(client)
        for (let turn = 0; turn < turnsOfEach && passed() < 1; turn++) {
          const at = passed()
          const { doneMs, outcome } = await driver.runTurn()
          times.push({ at, doneMs })
          if (outcome !== 'success') failed += 1
          await pause(thinkMs)
        }
        driver.close()
      }
    }
    const talking = many(clients, clients, talk)
    await pause(spanMs * warmUpShare)
    const before = await readMemoryOfParts(product)
    await pause(spanMs * (0.98 - warmUpShare))
    const after = await readMemoryOfParts(product)
    await talking
    const early = times.filter(({ at }) => at >= warmUpShare && at < 2 * warmUpShare)
    const late = times.filter(({ at }) => at >= 1 - warmUpShare)
    const p50 = (some: typeof times) =>
      percentile(
        some.map(({ doneMs }) => doneMs),
        0.5,
      )
    return [
      { name: 'turns', value: times.length, unit: 'turns' },
      { name: 'turns that did not end well', value: failed, unit: 'turns', goal: { atMost: 0 } },
      { name: 'answer p50, at the start', value: round(p50(early)), unit: 'ms' },
      { name: 'answer p50, at the end', value: round(p50(late)), unit: 'ms' },
      ...[...after].flatMap(([part, sizeMiB]): Figure[] => [
        { name: `${part}, at the start`, value: round(before.get(part) ?? 0), unit: 'MiB' },
        { name: `${part}, at the end`, value: round(sizeMiB), unit: 'MiB' },
      ]),
    ]
  },
}
