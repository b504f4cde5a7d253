import { expect, test } from 'vitest'

import { fromPageCursor, toPageCursor } from '../../src/store/page-cursor.ts'
import { listConversations } from '../../src/store/conversations.ts'
import { createStore } from '../support/store.ts'

const { database } = await createStore()

test.for(['2026-11-22 00:39:29+00', '2026-11-22 00:39:29.123456+05:30', '2024-02-29 23:59:59.5-03:30'])(
  'behavior: %s, as PostgreSQL writes a time, is a place',
  async (place) => {
    const cursor = toPageCursor({ place, id: 'c_1' })
    expect(fromPageCursor(cursor)).toEqual({ place, id: 'c_1' })
    expect(await listConversations(database, { owner: 'o', cursor, archived: false })).toMatchObject({
      conversations: [],
    })
  },
)

test.for([
  ['2020', ''],
  ['infinity', 'c'],
  ['2026-02-30 00:00:00+00', 'c'],
  ['2026-13-01 00:00:00+00', 'c'],
  ['2026-01-01 24:30:00+00', 'c'],
  ['2026-01-01 00:00:00+99', 'c'],
  ['0000-01-01 00:00:00+00', 'c'],
  ['2026-01-01 00:00:00+00', 'c\0'],
  ['2026-01-01 00:00:00+00'],
])('error: %j is no place, and not a fault of the server', async ([place, id]) => {
  const cursor = Buffer.from(JSON.stringify([place, id])).toString('base64url')
  await expect(listConversations(database, { owner: 'o', cursor, archived: false })).rejects.toMatchObject({
    code: 'invalid_request',
  })
})
