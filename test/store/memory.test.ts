import { beforeEach, expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import {
  deleteAllMemory,
  deleteMemory,
  editMemory,
  isMemoryEnabled,
  listMemory,
  searchMemory,
  setMemoryEnabled,
  tellMemory,
} from '../../src/store/memory.ts'
import { createStore } from '../support/store.ts'
import { holdConversation, openWrite } from './open-write.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let owner: string
beforeEach(async () => {
  owner = await store.createOwner()
})

/** A conversation that takes part in memory, in which something was said. */
async function talk(title: string, said: string, changes = {}): Promise<string> {
  const { id } = await store.createConversation({ owner, title, memory: true, ...changes })
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m1', said)
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'Noted.')
  return id
}

async function remember(title: string, text: string): Promise<string> {
  const id = await talk(title, text)
  await editMemory(database, { owner, conversationId: id, text })
  return id
}

const tell = async (id: string, chars = 3_000): Promise<string[] | undefined> =>
  (await tellMemory(database, id, chars))?.map(({ title, text }) => `${title}: ${text}`)
const search = async (id: string, query: string) =>
  (await searchMemory(database, { owner, conversationId: id, query, limit: 5 })).map(({ text }) => text)

test('default: nobody takes part in memory; an owner can', async () => {
  expect(await isMemoryEnabled(database, owner)).toBe(false)
  await setMemoryEnabled(database, owner, true)
  expect(await isMemoryEnabled(database, owner)).toBe(true)
  expect(await isMemoryEnabled(database, await store.createOwner())).toBe(false)
})

test('a conversation is told of the others, the newest first, as much as there is room for', async () => {
  for (const title of ['One', 'Two', 'Three']) await remember(title, title.repeat(20))
  const told = await talk('Now', 'Hello')
  expect(await tell(told, 200)).toEqual([`Three: ${'Three'.repeat(20)}`])
  const other = await talk('Later', 'Hello')
  expect((await tell(other))?.map((line) => line.split(':')[0])).toEqual(['Three', 'Two', 'One'])
})

test('behavior: what it is told is chosen once; what the owner does counts at once', async () => {
  const [first, second] = [await remember('One', 'Uno'), await remember('Two', 'Dos')]
  const told = await talk('Now', 'Hello')
  expect(await tell(told)).toEqual(['Two: Dos', 'One: Uno'])
  await remember('Three', 'Tres')
  await database.rows(
    'test_memory_entry',
    "update memory_entries set text = 'Changed' where conversation_id = $1",
    [first],
  )
  expect(await tell(told)).toEqual(['Two: Dos', 'One: Uno'])
  await editMemory(database, { owner, conversationId: first, text: 'Un' })
  await deleteMemory(database, { owner, conversationId: second })
  expect(await tell(told)).toEqual(['One: Un'])
  await database.rows('test_delete', 'delete from conversations where id = $1', [first])
  expect(await tell(told)).toEqual([])
})

test('behavior: one with its memory off is told nothing, and nobody is told of it', async () => {
  const quiet = await remember('Quiet', 'Secret')
  await patchConversation(database, owner, quiet, { memory: false })
  await remember('One', 'Uno')
  expect(await tell(quiet)).toBeUndefined()
  expect(await tell(await talk('Now', 'Hello'))).toEqual(['One: Uno'])
  await patchConversation(database, owner, quiet, { memory: true })
  expect(await tell(quiet)).toEqual(['One: Uno'])
})

test('behavior: the owner lists, edits and deletes; what is deleted stays so until it is written anew', async () => {
  const id = await remember('One', 'Uno')
  expect(await listMemory(database, owner)).toEqual([
    { conversationId: id, title: 'One', text: 'Uno', updatedAt: expect.any(String), edited: true },
  ])
  await remember('Two', 'Dos')
  await deleteMemory(database, { owner, conversationId: id })
  await deleteMemory(database, { owner, conversationId: id })
  expect(await listMemory(database, owner)).toMatchObject([{ title: 'Two' }])
  await deleteAllMemory(database, owner)
  expect(await listMemory(database, owner)).toEqual([])
  await editMemory(database, { owner, conversationId: id, text: 'Otra vez' })
  expect(await listMemory(database, owner)).toMatchObject([{ text: 'Otra vez' }])
})

test('behavior: what is deleted while a conversation is told is not told', async () => {
  const id = await remember('One', 'Uno')
  await remember('Two', 'Dos')
  const now = await talk('Now', 'Hello')
  const write = await openWrite(database)
  await write.query('select delete_memory($1, $2)', [owner, id])
  const told = tell(now)
  await write.untilAwaited()
  await write.commit()
  expect(await told).toEqual(['Two: Dos'])
  expect(await tell(now)).toEqual(['Two: Dos'])
})

test('behavior: all is deleted although one entry is being written', async () => {
  await remember('One', 'Uno')
  const id = await talk('Two', 'Hello')
  const write = await holdConversation(database, id)
  const deleted = deleteAllMemory(database, owner)
  await write.untilAwaited()
  await write.query('select edit_memory($1, $2, $3)', [owner, id, 'Dos'])
  await write.commit()
  await deleted
  expect(await listMemory(database, owner)).toEqual([])
})

test('a conversation finds what was said in others, the best first', async () => {
  const one = await talk('Alps', 'The marmot lives in the Alps, said the marmot.')
  await talk('Zoo', 'There was a marmot.')
  await talk('Sea', 'There was a whale.')
  const now = await talk('Now', 'Where is my marmot?')
  const hits = await searchMemory(database, { owner, conversationId: now, query: 'marmot alps?', limit: 5 })
  expect(hits).toHaveLength(2)
  expect(hits[0]).toEqual({
    conversationId: one,
    title: 'Alps',
    role: 'user',
    at: expect.any(String),
    text: 'The marmot lives in the Alps, said the marmot.',
  })
  expect(await search(now, "'!:* &")).toEqual([])
})

test('behavior: nothing is found of what does not take part, is forgotten or is not the owner’s', async () => {
  const forgotten = await remember('Forgotten', 'The first lynx')
  await deleteMemory(database, { owner, conversationId: forgotten })
  await talk('Off', 'The second lynx', { memory: false })
  await talk('Nothing kept', 'The third lynx', { history: { kind: 'none' } })
  const mine = owner
  owner = await store.createOwner()
  await talk('Of another', 'The fourth lynx')
  owner = mine
  const now = await talk('Now', 'Lynx?')
  expect(await search(now, 'lynx')).toEqual([])
  await talk('On', 'The fifth lynx')
  expect(await search(now, 'lynx')).toEqual(['The fifth lynx'])
  await patchConversation(database, owner, now, { memory: false })
  expect(await search(now, 'lynx')).toEqual([])
})

test('error: nobody changes what is not theirs, or does not take part', async () => {
  const id = await remember('One', 'Uno')
  const off = await talk('Off', 'Hello', { memory: false })
  const stranger = await store.createOwner()
  for (const ref of [
    { owner: stranger, conversationId: id },
    { owner, conversationId: off },
    { owner, conversationId: 'c_none' },
  ]) {
    await expect(editMemory(database, { ...ref, text: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(deleteMemory(database, ref)).rejects.toMatchObject({ code: 'not_found' })
  }
  await deleteAllMemory(database, stranger)
  expect(await listMemory(database, owner)).toHaveLength(1)
})
