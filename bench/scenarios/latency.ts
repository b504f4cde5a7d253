import { createBaseline } from '../baseline.ts'
import { logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { Scenario } from '../scenario.ts'

const turns = 60
const warmUpTurns = 8

/** One person at a time: what the product adds to a turn, against the loop without durability. */
export const latency: Scenario = {
  name: 'latency',
  about: `${turns} turns one after the other, each in a fresh conversation and each next to a baseline turn`,
  async run({ url, settings }) {
    const client = await logIn(url)
    const baseline = createBaseline(settings['SCRIPTED_BASE_URL'] ?? '')
    const fresh: number[] = []
    const firstTokens: number[] = []
    const plain: number[] = []
    const running: number[] = []
    const steady = await openDriver(client)
    for (let turn = -warmUpTurns; turn < turns; turn++) {
      const driver = await openDriver(client)
      const { doneMs, firstTokenMs } = await driver.runTurn()
      driver.close()
      const plainMs = await baseline.runTurn()
      const { doneMs: runningMs } = await steady.runTurn()
      if (turn < 0) continue
      fresh.push(doneMs)
      firstTokens.push(firstTokenMs)
      plain.push(plainMs)
      running.push(runningMs)
    }
    steady.close()
    const base = percentile(plain, 0.5)
    return [
      { name: 'baseline turn p50', value: round(base), unit: 'ms' },
      { name: 'first token p50, fresh conversation', value: round(percentile(firstTokens, 0.5)), unit: 'ms' },
      { name: 'answer p50, fresh conversation', value: round(percentile(fresh, 0.5)), unit: 'ms' },
      { name: 'answer p95, fresh conversation', value: round(percentile(fresh, 0.95)), unit: 'ms' },
      { name: 'answer p50, running conversation', value: round(percentile(running, 0.5)), unit: 'ms' },
      {
        name: 'added to a turn p50, fresh conversation',
        value: round(percentile(fresh, 0.5) - base),
        unit: 'ms',
        goal: { atMost: 50 },
      },
      {
        name: 'added to a turn p50, running conversation',
        value: round(percentile(running, 0.5) - base),
        unit: 'ms',
      },
      { name: 'turn against baseline, fresh', value: round(percentile(fresh, 0.5) / base), unit: 'x' },
    ]
  },
}
