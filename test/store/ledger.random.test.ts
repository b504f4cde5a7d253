import { expect, test } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import type { Budgets } from '../../src/contracts/usage.ts'
import type { ReservedCall } from '../../src/store/ledger.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { createStore } from '../support/store.ts'
import { budgetsOf, createCallScript, listEntries, listReserved, readSums } from './call-script.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const database = store.openPool(8)

const price = { input: 3, output: 7, cached: 1 }
const limits = { turn: { tokens: 2_000 }, day: { tokens: 9_000, cost: 40_000n }, owner: { tokens: 12_000 } }
const budgets: Budgets = budgetsOf({ ...limits, price })

type Random = (limit: number) => number

/** What has been used of the limits at this moment, with what is reserved. */
async function readUse(owner: string): Promise<{ tokens: number; cost: number; turnTokens: number }> {
  const [row] = await database.rows<{ tokens: number; cost: number; turn_tokens: number }>(
    'read_use',
    `with used as (
       select turn_id, input_tokens + output_tokens as tokens, coalesce(cost, 0) as cost from ledger where owner_id = $1
       union all select turn_id, tokens, cost from open_calls($1))
     select coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(cost), 0)::bigint as cost,
         coalesce((select max(sum)::bigint from (select sum(tokens) from used group by turn_id) as turns), 0) as turn_tokens
       from used`,
    [owner],
  )
  if (row === undefined) throw new Error('Nothing was counted.')
  return { tokens: row.tokens, cost: row.cost, turnTokens: row.turn_tokens }
}

/** One conversation in which turns are played with lost workers, stops and retries, until the budget ends them. */
async function play(owner: string, random: Random): Promise<Set<string>> {
  const ends = new Set<string>()
  const turn = createTurnScript(database, await store.createConversation({ owner }))
  for (let number = 1; number <= 4; number += 1) {
    await turn.accept(`m${number}`)
    await turn.begin(number, 0, [`m${number}`])
    const calls = createCallScript(database, {
      owner,
      conversationId: turn.conversationId,
      turnId: turn.turnIdOf(number),
    })
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const inputTokens = random(300)
      const call = await calls
        .reserve(`r0.a${attempt}`, { inputTokens, maxOutputTokens: 1 + random(900), budgets })
        .catch(toCode)
      if (typeof call === 'string') {
        ends.add(call)
        break
      }
      await end(call, random)
    }
    await turn.stop(number)
  }
  return ends

  async function end(call: ReservedCall, choose: Random): Promise<void> {
    const output = choose((call.maxOutputTokens ?? 0) + 1)
    const way = choose(4)
    // A worker that is gone says nothing.
    if (way === 0) return
    const settled = createCallScript(database, call.key)
    await settled.settle(call, call.inputTokens, output, way === 1)
    if (way === 2) await settled.settle(call, call.inputTokens, output, true)
  }
}

function toCode(error: unknown): string {
  if (error instanceof AppError) return error.code
  throw error
}

test.for(Array.from({ length: 12 }, (_, seed) => seed + 1))(
  'whatever happens at once, sums are those of the entries and no limit is passed (seed %i)',
  async (seed) => {
    const owner = await store.createOwner()
    const watched = { stop: false }
    const looks: Awaited<ReturnType<typeof readUse>>[] = []
    async function look(): Promise<void> {
      while (!watched.stop) looks.push(await readUse(owner))
    }
    const looking = look()
    const ends = await Promise.all([1, 2, 3].map((part) => play(owner, seededRandom(seed * 100 + part))))
    watched.stop = true
    await looking
    looks.push(await readUse(owner))

    expect(Math.max(...looks.map(({ tokens }) => tokens))).toBeLessThanOrEqual(9_000)
    expect(Math.max(...looks.map(({ cost }) => cost))).toBeLessThanOrEqual(40_000)
    expect(Math.max(...looks.map(({ turnTokens }) => turnTokens))).toBeLessThanOrEqual(2_000)
    expect(await listReserved(database, owner)).toEqual([])
    const { entries, days, total } = await readSums(database, owner)
    expect({ days, total }).toEqual({ days: entries, total: entries })
    expect(entries?.calls).toBe((await listEntries(database, owner)).length)
    const codes = new Set(ends.flatMap((codesOfOne) => [...codesOfOne]))
    for (const code of codes) expect(['turn_budget', 'day_budget']).toContain(code)
    expect(codes.size).toBeGreaterThan(0)
  },
)
