import { setTimeout as pause } from 'node:timers/promises'

import { logIn, openDriver } from '../driver.ts'
import { many } from '../many.ts'
import { readMemoryOfParts } from '../memory.ts'
import { round } from '../percentile.ts'
import { readSetting } from '../read-setting.ts'
import type { Figure, Scenario } from '../scenario.ts'

const conversations = readSetting('BENCH_IDLE_CONVERSATIONS', 2_000)
const warmUp = 200
const settleMs = 20_000

/** Conversations that have had one turn and wait for the next: what does each cost while nothing happens? */
export const idle: Scenario = {
  name: 'idle',
  about: `${conversations} conversations of one turn each, after ${warmUp} others; memory ${settleMs / 1_000} s after the last turn`,
  async run(product) {
    const client = await logIn(product.url)
    const talk = async () => {
      const driver = await openDriver(client)
      await driver.runTurn()
      driver.close()
    }
    await many(warmUp, 8, talk)
    await pause(settleMs)
    const before = await readMemoryOfParts(product)
    await many(conversations, 8, talk)
    await pause(settleMs)
    const after = await readMemoryOfParts(product)
    return [...after].flatMap(([part, sizeMiB]): Figure[] => [
      { name: `${part}, in all`, value: round(sizeMiB), unit: 'MiB' },
      {
        name: `${part}, for each conversation`,
        value: round(((sizeMiB - (before.get(part) ?? 0)) * 1_024) / conversations),
        unit: 'KiB',
      },
    ])
  },
}
