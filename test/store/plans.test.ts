import { expect, test } from 'vitest'

import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()

test('behavior: a turn reads no table whole, however the plans were made', async () => {
  const database = store.openPool(1)
  const turn = createTurnScript(database, await store.createConversation())
  const countScans = async () => {
    // What a backend has counted is written a second after a transaction, or when it is told to.
    await database.rows('flush', 'select pg_stat_force_next_flush()')
    const [row] = await database.rows<{ scans: number }>(
      'scans',
      `select sum(seq_scan)::int as scans from pg_stat_user_tables
         where relname in ('messages', 'tool_calls', 'events', 'rounds', 'conversations')`,
    )
    return row?.scans ?? 0
  }
  const play = async (number: number) => {
    await turn.accept(`m${number}`)
    await turn.begin(number, 0, [`m${number}`])
    await turn.askTools(number, 0, 1)
    await turn.endCall(number, 0, 0)
    await turn.begin(number, 1)
    await turn.answer(number, 1, 'Hi')
  }
  await play(1)
  const before = await countScans()
  // A plan is kept from the sixth execution on. What was migrated with may be counted late.
  for (let number = 2; number < 32; number++) await play(number)
  expect((await countScans()) - before).toBeLessThan(30)
})
