import type { BudgetLimit, Budgets, CallKey, CallKind, ModelPrice } from '../../src/contracts/usage.ts'
import type { Database } from '../../src/store/database.ts'
import { reserveCall, settleCall, type ReservedCall } from '../../src/store/ledger.ts'
import type { TestStore } from '../support/store.ts'

export type ScriptedBudgets = Partial<Record<'turn' | 'day' | 'owner', BudgetLimit>> & { price?: ModelPrice }

/** Budgets of a deployment with one model. */
export function budgetsOf({ price, turn = {}, day = {}, owner = {} }: ScriptedBudgets = {}): Budgets {
  return { limits: { turn, day, owner }, priceOf: () => price }
}

export type ScriptedPlace = { owner: string; conversationId: string; turnId?: string }

export type WantedTokens = {
  inputTokens: number
  maxOutputTokens?: number
  budgets?: Budgets
  kind?: CallKind
}

/** Calls of one place, as activities book them. */
export function createCallScript(database: Database, place: ScriptedPlace) {
  const keyOf = (name: string, kind: CallKind = 'answer'): CallKey => ({
    id: `${place.turnId ?? place.conversationId}.${name}`,
    kind,
    ...place,
  })
  return {
    keyOf,
    reserve: (name: string, { kind, budgets = budgetsOf(), ...wanted }: WantedTokens) =>
      reserveCall(database, {
        key: keyOf(name, kind),
        model: { id: 'scripted/demo', contextLimitTokens: 100_000 },
        budgets,
        ...wanted,
      }),
    settle: (call: ReservedCall, inputTokens: number, outputTokens: number, estimated = false) =>
      settleCall(database, call, { inputTokens, outputTokens, estimated }),
  }
}

export type EntryRow = {
  id: string
  kind: string
  input_tokens: number
  output_tokens: number
  cached_tokens: number | null
  cost: number | null
  estimated: boolean
}

/** What is booked for an owner, in the order of the ids. */
export async function listEntries(database: Database, owner: string): Promise<EntryRow[]> {
  return database.rows<EntryRow>(
    'list_entries',
    `select id, kind, input_tokens, output_tokens, cached_tokens, cost, estimated from ledger
       where owner_id = $1 order by id`,
    [owner],
  )
}

/** Ids of the calls that are reserved. */
export async function listReserved(database: Database, owner: string): Promise<string[]> {
  const rows = await database.rows<{ id: string }>(
    'list_reserved',
    'select id from reservations where owner_id = $1 order by id',
    [owner],
  )
  return rows.map(({ id }) => id)
}

type Sums = { calls: number; tokens: number; cost: number }

/** The sums of an owner, each counted in three ways that must agree. */
export async function readSums(database: Database, owner: string): Promise<Record<string, Sums>> {
  const [row] = await database.rows<{ entries: Sums; days: Sums; total: Omit<Sums, 'calls'> }>(
    'read_sums',
    `select
       (select json_build_object('calls', count(*), 'tokens', coalesce(sum(input_tokens + output_tokens), 0),
         'cost', coalesce(sum(cost), 0)) from ledger where owner_id = $1) as entries,
       (select json_build_object('calls', coalesce(sum(calls), 0),
         'tokens', coalesce(sum(input_tokens + output_tokens), 0), 'cost', coalesce(sum(cost), 0))
         from daily_spending where owner_id = $1) as days,
       (select json_build_object('tokens', coalesce(sum(tokens), 0), 'cost', coalesce(sum(cost), 0))
         from owner_spending where owner_id = $1) as total`,
    [owner],
  )
  if (row === undefined) throw new Error('There are no sums.')
  const { entries, days, total } = row
  return { entries, days, total: { calls: entries.calls, ...total } }
}

/**
 * Makes another conversation of the same owner, whose sum stands in another row: those of one row wait for each
 * other's commits.
 */
export async function createConversationApart(
  store: TestStore,
  { owner, conversationId }: { owner: string; conversationId: string },
): Promise<string> {
  for (;;) {
    const { id } = await store.createConversation({ owner })
    const [row] = await store.database.rows<{ same: boolean }>(
      'shards',
      'select spending_shard($1) = spending_shard($2) as same',
      [conversationId, id],
    )
    if (row?.same === false) return id
  }
}
