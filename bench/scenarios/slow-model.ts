import { setTimeout as pause } from 'node:timers/promises'

import { logIn } from '../driver.ts'
import { runFreshTurns, toFactor, toFreshFigures } from '../fresh-turns.ts'
import { many } from '../many.ts'
import { readMemoryOfParts } from '../memory.ts'
import { scriptModel, untilRequest } from '../model-script.ts'
import { round } from '../percentile.ts'
import { readSetting } from '../read-setting.ts'
import type { Scenario } from '../scenario.ts'

const streams = readSetting('BENCH_SLOW_STREAMS', 200)
const owners = 10
const minutes = 4
/** A word in this time. */
const paceMs = 1_000
const freshTurns = 40
const settleMs = 5_000

/** A model that answers slowly, for many at once; how does a fresh conversation at the same provider fare? */
export const slowModel: Scenario = {
  name: 'slow-model',
  about: `${streams} answers of a word a second, of ${owners} owners, and ${freshTurns} turns in fresh conversations of another`,
  async run(product) {
    const { url, settings } = product
    const other = await logIn(url)
    const quiet = await runFreshTurns(other, freshTurns)
    const before = await readMemoryOfParts(product)
    const text = 'word '.repeat((minutes * 60_000) / paceMs)
    await scriptModel(settings, 'slow', [{ parts: [{ type: 'text', text, paceMs }], repeat: true }])
    const clients = await many(owners, owners, () => logIn(url))
    const talks = await many(streams, 20, async (index) => {
      const client = clients[index % owners] ?? other
      const { id } = await client.createConversation({ model: 'scripted/demo' })
      await client.postMessage(id, { text: 'Go [script:slow]' })
      return { client, id }
    })
    await untilRequest(settings, 'slow', streams, 'arrived')
    await pause(settleMs)
    const during = await readMemoryOfParts(product)
    const beside = await runFreshTurns(other, freshTurns)
    await many(streams, 20, async (index) => talks[index]?.client.cancelTurn(talks[index].id))
    return [
      ...toFreshFigures('alone', quiet),
      ...toFreshFigures('beside the answers', beside),
      {
        name: 'first token beside the answers against alone',
        value: toFactor(beside.firstTokensMs, quiet.firstTokensMs),
        unit: 'x',
        goal: { atMost: 1.5 },
      },
      ...['worker', 'api', 'postgres', 'temporal'].map((part) => ({
        name: `memory of an answer that streams, ${part}`,
        value: round((((during.get(part) ?? 0) - (before.get(part) ?? 0)) * 1_024) / streams),
        unit: 'KiB' as const,
      })),
    ]
  },
}
