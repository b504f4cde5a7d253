import { Client, Connection } from '@temporalio/client'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { Scenario } from '../scenario.ts'

const turns = 300
const edge = 20

/** A long conversation: what a turn adds to the workflow's history, and whether late turns are slower. */
export const history: Scenario = {
  name: 'history',
  about: `${turns} turns in one conversation; events and bytes from turns 2 to 10`,
  async run({ url, temporalAddress }) {
    const connection = await Connection.connect({ address: temporalAddress })
    const handle = (id: string) => new Client({ connection }).workflow.getHandle(workflowIdOf(id))
    const driver = await openDriver(await logIn(url))
    const times: number[] = []
    const sizes: { events: number; bytes: number }[] = []
    for (let turn = 1; turn <= turns; turn++) {
      times.push((await driver.runTurn()).doneMs)
      if (turn === 1 || turn === 10) {
        const { raw } = await handle(driver.conversationId).describe()
        const info = raw.workflowExecutionInfo
        sizes.push({ events: Number(info?.historyLength), bytes: Number(info?.historySizeBytes) })
      }
    }
    driver.close()
    await connection.close()
    const [first, tenth] = sizes
    const early = percentile(times.slice(0, edge), 0.5)
    const late = percentile(times.slice(-edge), 0.5)
    return [
      {
        name: 'history events a turn',
        value: round(((tenth?.events ?? 0) - (first?.events ?? 0)) / 9),
        unit: 'events',
        goal: { atMost: 32 },
      },
      {
        name: 'history bytes a turn',
        value: round(((tenth?.bytes ?? 0) - (first?.bytes ?? 0)) / 9),
        unit: 'bytes',
      },
      { name: `first ${edge} turns p50`, value: round(early), unit: 'ms' },
      { name: `last ${edge} of ${turns} turns p50`, value: round(late), unit: 'ms' },
      {
        name: 'last against first',
        value: Math.round((late / early) * 100) / 100,
        unit: 'x',
        goal: { atMost: 1.2 },
      },
    ]
  },
}
