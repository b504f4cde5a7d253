import { readCpuTimeMs } from '../cpu-time.ts'
import { type Driver, logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { BenchProduct } from '../product.ts'
import type { Figure, Scenario } from '../scenario.ts'

const spanMs = 10_000
/** With 8 clients. */
const goals = { fresh: 25, running: 40 }

/** Many people at once: turns a second with 8 and 32 clients, in fresh and in running conversations. */
export const throughput: Scenario = {
  name: 'throughput',
  about: `turns within ${spanMs / 1000} s, each client starts the next when the last is answered`,
  async run(product) {
    const figures: Figure[] = []
    for (const clients of [8, 32]) {
      for (const kind of ['fresh', 'running'] as const) {
        const before = await readCpuOfParts(product)
        const { perSecond, p50Ms, p95Ms, turns } = await measure(product.url, clients, kind)
        const name = `${clients} clients, ${kind} conversations`
        const goal = clients === 8 ? { goal: { atLeast: goals[kind] } } : {}
        figures.push({ name, value: round(perSecond), unit: 'turns/s', ...goal })
        figures.push({ name: `${name}: answer p50`, value: round(p50Ms), unit: 'ms' })
        figures.push({ name: `${name}: answer p95`, value: round(p95Ms), unit: 'ms' })
        const after = await readCpuOfParts(product)
        for (const [part, cpuMs] of after) {
          const value = round((cpuMs - (before.get(part) ?? 0)) / turns)
          figures.push({ name: `${name}: CPU a turn, ${part}`, value, unit: 'ms' })
        }
      }
    }
    return figures
  },
}

async function readCpuOfParts(product: BenchProduct): Promise<Map<string, number>> {
  const parts = await product.parts()
  const times = await Promise.all(parts.map(({ pid }) => readCpuTimeMs(pid)))
  return new Map(parts.map(({ name }, index) => [name, times[index] ?? 0]))
}

async function measure(url: string, clients: number, kind: 'fresh' | 'running') {
  const client = await logIn(url)
  const times: number[] = []
  const untilMs = performance.now() + spanMs

  async function runClient(): Promise<void> {
    let driver: Driver = await openDriver(client)
    while (performance.now() < untilMs) {
      times.push((await driver.runTurn()).doneMs)
      if (kind === 'running') continue
      driver.close()
      driver = await openDriver(client)
    }
    driver.close()
  }

  const startedMs = performance.now()
  await Promise.all(Array.from({ length: clients }, runClient))
  const perSecond = (times.length / (performance.now() - startedMs)) * 1_000
  return { turns: times.length, perSecond, p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95) }
}
