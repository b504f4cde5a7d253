/** Conversations that were told of each other, and several of them written to in the same moment. */
import { beforeEach, expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import type { Database } from '../../src/store/database.ts'
import { deleteConversation } from '../../src/store/deletions.ts'
import { editMemory, tellMemory } from '../../src/store/memory.ts'
import { createStore } from '../support/store.ts'
import { openWrite } from './open-write.ts'

const store = await createStore()
const { database } = store

let owner: string
let ids: [string, string, string]

/** Three conversations, each told of the two others; of the third one last. */
beforeEach(async () => {
  owner = await store.createOwner()
  const open = async () => (await store.createConversation({ owner, memory: true })).id
  ids = [await open(), await open(), await open()]
  for (const id of ids.toReversed()) await editMemory(database, { owner, conversationId: id, text: 'Known' })
  for (const id of ids) await tellMemory(database, id, 3_000)
})

const writes = {
  deleted: (pool: Database, id: string) => deleteConversation(pool, owner, id),
  'taken out of memory': (pool: Database, id: string) =>
    patchConversation(pool, owner, id, { memory: false }),
}

test.for([
  ['deleted', 0, 1],
  ['deleted', 1, 0],
  ['taken out of memory', 0, 1],
  ['taken out of memory', 1, 0],
] as const)(
  'two that know of each other are %s in the same moment: %i, %i',
  async ([done, first, second]) => {
    // Somebody holds what they know of a third one, so that each of them is in the middle of it.
    const held = await openWrite(database)
    await held.query('select 1 from told_memories where conversation_id = $1 or about = $1 for update', [
      ids[2],
    ])
    const one = writes[done](store.openPool(1), ids[first])
    await held.untilAwaited(1)
    const other = writes[done](store.openPool(1), ids[second])
    await held.untilAwaited(2)
    await held.commit()
    await Promise.all([one, other])
    const left = await database.rows(
      'test_told',
      'select conversation_id, about from told_memories where conversation_id = any ($1) or about = any ($1)',
      [ids],
    )
    expect(left).toEqual([])
  },
)
