import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'

import pg from 'pg'
import { getAddress } from 'viem'

import { logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { BenchProduct } from '../product.ts'
import type { Scenario } from '../scenario.ts'

const turns = 1_000
const edge = 20
/** Growth counts from here on: the first turns fill tables and pages that were empty. */
const measuredFrom = 50

/**
 * A conversation of months: under `summary`, with a model whose window it outgrows again and again. Is a late turn
 * slower, how much does each leave on the disk, and is a fact of its beginning still there?
 */
export const longLife: Scenario = {
  name: 'long-life',
  about: `${turns} turns in one conversation with a window of 16,000 tokens and history strategy summary`,
  async run(product) {
    const driver = await openDriver(await logIn(product.url), 'scripted/bench-long')
    await driver.client.updateConversation(driver.conversationId, { history: { kind: 'summary' } })
    const times: number[] = []
    let failed = 0
    const fact = getAddress(`0x${randomBytes(20).toString('hex')}`)
    let before = await measure(product)
    for (let turn = 1; turn < turns; turn++) {
      const { doneMs, outcome } = await driver.runTurn(turn === 3 ? `[look up ${fact}]` : 'Go.')
      times.push(doneMs)
      if (outcome !== 'success') failed++
      if (turn === measuredFrom) before = await measure(product)
    }
    const answer = driver.next(({ type }) => type === 'text.completed')
    await driver.runTurn('[quote]')
    const quoted = await answer
    const after = await measure(product)
    driver.close()
    const grown = (size: keyof Sizes) => Math.round((after[size] - before[size]) / (turns - measuredFrom))
    const early = percentile(times.slice(0, edge), 0.5)
    const late = percentile(times.slice(-edge), 0.5)
    return [
      { name: `first ${edge} turns p50`, value: round(early), unit: 'ms' },
      { name: `last ${edge} of ${turns} turns p50`, value: round(late), unit: 'ms' },
      {
        name: 'last against first',
        value: Math.round((late / early) * 100) / 100,
        unit: 'x',
        goal: { atMost: 1.2 },
      },
      { name: 'PostgreSQL grows a turn', value: grown('postgresBytes'), unit: 'bytes' },
      { name: 'Temporal grows a turn', value: grown('temporalBytes'), unit: 'bytes' },
      {
        name: 'both grow a turn',
        value: grown('postgresBytes') + grown('temporalBytes'),
        unit: 'bytes',
        goal: { atMost: 12 * 1024 },
      },
      {
        name: 'turns that did not end well',
        value: failed,
        unit: 'turns',
        goal: { atMost: 0 },
      },
      {
        name: 'address of turn 3 quoted at the end (1: yes)',
        value: quoted.type === 'text.completed' && quoted.text === fact ? 1 : 0,
        unit: 'x',
        goal: { atLeast: 1 },
      },
    ]
  },
}

type Sizes = { postgresBytes: number; temporalBytes: number }

/** What stands on the disk, with the rows that wait for being cleaned up; write-ahead logs are reused and left out. */
async function measure({ databaseUrl, temporalDatabase }: BenchProduct): Promise<Sizes> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ size: string }>(
      'select pg_database_size(current_database()) as size',
    )
    const temporalBytes = (await stat(temporalDatabase)).size
    return { postgresBytes: Number(rows[0]?.size), temporalBytes }
  } finally {
    await client.end()
  }
}
