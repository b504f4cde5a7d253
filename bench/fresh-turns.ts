import type { Client } from '../src/client/create-client.ts'
import { openDriver } from './driver.ts'
import { percentile, round } from './percentile.ts'
import type { Figure } from './scenario.ts'

export type FreshTurns = { firstTokensMs: number[]; donesMs: number[] }

/** Runs turns of the bench one after the other, each in a conversation of its own. */
export async function runFreshTurns(client: Client, count: number): Promise<FreshTurns> {
  const turns: FreshTurns = { firstTokensMs: [], donesMs: [] }
  for (let turn = 0; turn < count; turn++) {
    const driver = await openDriver(client)
    const { firstTokenMs, doneMs, outcome } = await driver.runTurn()
    driver.close()
    if (outcome !== 'success') throw new Error(`A turn ended with ${outcome}.`)
    turns.firstTokensMs.push(firstTokenMs)
    turns.donesMs.push(doneMs)
  }
  return turns
}

/** What they took, under a name. */
export function toFreshFigures(name: string, { firstTokensMs, donesMs }: FreshTurns): Figure[] {
  return [
    { name: `first token p50, ${name}`, value: round(percentile(firstTokensMs, 0.5)), unit: 'ms' },
    { name: `first token p95, ${name}`, value: round(percentile(firstTokensMs, 0.95)), unit: 'ms' },
    { name: `answer p50, ${name}`, value: round(percentile(donesMs, 0.5)), unit: 'ms' },
  ]
}

/** How many times as long the one's median is. */
export function toFactor(ones: readonly number[], others: readonly number[]): number {
  return Math.round((percentile(ones, 0.5) / percentile(others, 0.5)) * 100) / 100
}
