import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { getAddress } from 'viem'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { logIn, openDriver } from '../driver.ts'
import { percentile, round } from '../percentile.ts'
import type { BenchProduct } from '../product.ts'
import type { Scenario } from '../scenario.ts'

const turns = 1_000
const edge = 20
/**
 * After so many turns there is a pause, as there are many in a conversation of months: until workers have removed
 * what is kept no longer, and with a VACUUM, which PostgreSQL itself does within minutes.
 */
const pauseAfter = 250
/** Growth counts from here on: before, what is kept for a while only has filled its room. */
const measuredFrom = 500
/** As configured unless told otherwise. */
const keptRuns = 5

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
    const start = await measure(product)
    let before = start
    for (let turn = 1; turn < turns; turn++) {
      const { doneMs, outcome } = await driver.runTurn(turn === 3 ? `[look up ${fact}]` : 'Go.')
      times.push(doneMs)
      if (outcome !== 'success') failed++
      if (turn % pauseAfter === 0) await untilTidy(product, driver.conversationId)
      if (turn === measuredFrom) before = await measure(product)
    }
    const answer = driver.next(({ type }) => type === 'text.completed')
    await driver.runTurn('[quote]')
    const quoted = await answer
    await untilTidy(product, driver.conversationId)
    const after = await measure(product)
    driver.close()
    const grown = (size: keyof Sizes) => Math.round((after[size] - before[size]) / (turns - measuredFrom))
    const grownInAll = (size: keyof Sizes) => Math.round((after[size] - start[size]) / turns)
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
      { name: 'PostgreSQL grows a turn, later half', value: grown('postgresBytes'), unit: 'bytes' },
      { name: 'Temporal grows a turn, later half', value: grown('temporalBytes'), unit: 'bytes' },
      {
        name: 'both grow a turn, later half',
        value: grown('postgresBytes') + grown('temporalBytes'),
        unit: 'bytes',
        goal: { atMost: 12 * 1024 },
      },
      {
        name: 'PostgreSQL has grown a turn, from the first',
        value: grownInAll('postgresBytes'),
        unit: 'bytes',
      },
      {
        name: 'Temporal has grown a turn, from the first',
        value: grownInAll('temporalBytes'),
        unit: 'bytes',
      },
      { name: 'turns that did not end well', value: failed, unit: 'turns', goal: { atMost: 0 } },
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

/** What stands on the disk; write-ahead logs are reused and left out. */
async function measure({ databaseUrl, temporalDatabase }: BenchProduct): Promise<Sizes> {
  const [row] = await query<{ size: string }>(
    databaseUrl,
    'select pg_database_size(current_database()) as size',
  )
  return { postgresBytes: Number(row?.size), temporalBytes: (await stat(temporalDatabase)).size }
}

async function untilTidy({ databaseUrl, temporalAddress }: BenchProduct, id: string): Promise<void> {
  const connection = await Connection.connect({ address: temporalAddress })
  const { workflow } = new Client({ connection })
  for (;;) {
    const [row] = await query<{ swept: boolean }>(
      databaseUrl,
      `select s.seq = c.last_seq as swept from sweeps s join conversations c on c.id = s.conversation_id
         where c.id = '${id}'`,
    )
    let continued = 0
    const runs = `WorkflowId = '${workflowIdOf(id)}' and ExecutionStatus = 'ContinuedAsNew'`
    for await (const _ of workflow.list({ query: runs })) continued += 1
    if (row?.swept && continued <= keptRuns) break
    await sleep(500)
  }
  await connection.close()
  await query(databaseUrl, 'vacuum')
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}
