import { beforeEach, expect, test } from 'vitest'

import {
  type Chore,
  claimChores,
  dropChore,
  giveBackChore,
  readMemorySource,
  readOpening,
  saveMemoryEntry,
  saveTitle,
} from '../../src/store/chores.ts'
import { getConversation, patchConversation } from '../../src/store/conversations.ts'
import { deleteMemory, editMemory, listMemory } from '../../src/store/memory.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
})

const untitled = { title: 'New conversation' }
const makeDue = () => database.rows('test_due', "update chores set due_at = now() - interval '1 second'")
const claim = (limit = 10, leaseMs = 60_000) => claimChores(database, { limit, leaseMs })

/** A conversation with one answered turn. */
async function talk(changes: Parameters<typeof store.createConversation>[0] = untitled) {
  const conversation = await store.createConversation(changes)
  const turn = createTurnScript(database, conversation)
  await turn.accept('m1', 'What is a marmot?')
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'A rodent.')
  return { ...conversation, turn }
}

async function claimOne(): Promise<Chore> {
  const [chore] = await claim()
  if (chore === undefined) throw new Error('There is no chore.')
  return chore
}

const readTitle = async ({ id, owner }: { id: string; owner: string }) =>
  (await getConversation(database, owner, id)).title

test('a conversation without a title gets one after its first answer, and says so', async () => {
  const talked = await talk()
  const chore = await claimOne()
  expect(chore).toEqual({ conversationId: talked.id, kind: 'title', try: 1, owner: talked.owner, turns: 1 })
  expect(await readOpening(database, talked.id)).toEqual([
    { role: 'user', text: 'What is a marmot?' },
    { role: 'assistant', text: 'A rodent.' },
  ])
  expect(await saveTitle(database, chore, 'Marmots')).toBe(true)
  expect(await readTitle(talked)).toBe('Marmots')
  const events = await talked.turn.readEvents()
  expect(events.at(-1)).toMatchObject({ type: 'conversation.updated', title: 'Marmots' })
  expect(events.at(-1)?.turnId).toBeUndefined()
  await talked.turn.accept('m2')
  await talked.turn.begin(2, 0, ['m2'])
  await talked.turn.answer(2, 0, 'Yes.')
  expect(await claim()).toEqual([])
})

test('behavior: a turn without an answer asks for no title, and one with a title for none', async () => {
  const talked = await store.createConversation(untitled)
  const turn = createTurnScript(database, talked)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.stop(1)
  await talk({ title: 'Mine' })
  await talk({ ...untitled, history: { kind: 'none' }, memory: true })
  expect(await claim()).toEqual([])
})

test("behavior: the owner's title stays, whenever it comes", async () => {
  const early = await talk()
  await patchConversation(database, early.owner, early.id, { title: 'Mine' })
  const chore = await claimOne()
  expect(await saveTitle(database, chore, 'Theirs')).toBe(false)
  expect(await readTitle(early)).toBe('Mine')

  const racing = await talk()
  const other = await claimOne()
  await Promise.all([
    saveTitle(database, other, 'Theirs'),
    patchConversation(database, racing.owner, racing.id, { title: 'Mine' }),
  ])
  expect(await readTitle(racing)).toBe('Mine')
})

test('behavior: a chore is given to one caller, and again when its lease is over', async () => {
  await talk()
  const claimed = await Promise.all([claim(1, 0), claim(1, 60_000), claim(1, 60_000)])
  const tries = claimed.flat().map((chore) => chore.try)
  expect(tries.length).toBeLessThanOrEqual(2)
  await makeDue()
  const before = await claimOne()
  expect(await claim()).toEqual([])
  await makeDue()
  const after = await claimOne()
  expect(after.try).toBe(before.try + 1)
  // Who was slow is too late.
  expect(await saveTitle(database, before, 'Late')).toBe(false)
  expect(await saveTitle(database, after, 'In time')).toBe(true)
})

test('behavior: one that is given back is due after the pause, as another try', async () => {
  await talk()
  const first = await claimOne()
  await giveBackChore(database, first, 60_000)
  expect(await claim()).toEqual([])
  await makeDue()
  const second = await claimOne()
  expect([first.try, second.try]).toEqual([1, 2])
  // Who was slow gives back nothing.
  await giveBackChore(database, first, 0)
  await dropChore(database, first)
  expect(await claim()).toEqual([])
  await giveBackChore(database, second, 0)
  await dropChore(database, await claimOne())
  expect(await claim()).toEqual([])
})

test('behavior: a conversation takes its chores with it', async () => {
  const { id } = await talk({ ...untitled, memory: true })
  await database.rows('test_delete', 'delete from conversations where id = $1', [id])
  expect(await claim()).toEqual([])
})

test('what is remembered of a conversation is written after some of its turns', async () => {
  const { id, owner, turn } = await talk({ memory: true })
  const due: number[] = []
  for (let number = 2; number <= 21; number++) {
    for (const chore of await claim()) {
      due.push(chore.turns)
      expect(await saveMemoryEntry(database, chore, `After ${chore.turns}`)).toBe(true)
    }
    await turn.accept(`m${number}`, `Question ${number}`)
    await turn.begin(number, 0, [`m${number}`])
    await turn.answer(number, 0, `Answer ${number}`)
  }
  expect(due).toEqual([1, 4, 10, 20])
  expect(await listMemory(database, owner)).toMatchObject([
    { conversationId: id, text: 'After 20', edited: false },
  ])
  const { entry, said } = await readMemorySource(database, id)
  expect(entry).toBe('After 20')
  expect(said).toHaveLength(30)
  expect(said.at(-1)).toEqual({ role: 'assistant', text: 'Answer 21' })
})

test('behavior: what the owner has written or deleted stays as it is', async () => {
  const { id, owner } = await talk({ memory: true })
  const chore = await claimOne()
  await editMemory(database, { owner, conversationId: id, text: 'My own words' })
  expect(await saveMemoryEntry(database, chore, 'Theirs')).toBe(false)
  expect(await listMemory(database, owner)).toMatchObject([{ text: 'My own words', edited: true }])

  const other = await talk({ memory: true, owner })
  const late = await claimOne()
  await deleteMemory(database, { owner, conversationId: other.id })
  expect(await saveMemoryEntry(database, late, 'Theirs')).toBe(false)
  expect(await listMemory(database, owner)).toHaveLength(1)
})

test('behavior: a conversation that leaves the memory leaves nothing there', async () => {
  const { id, owner } = await talk({ memory: true })
  await saveMemoryEntry(database, await claimOne(), 'A note')
  await patchConversation(database, owner, id, { memory: false })
  expect(await listMemory(database, owner)).toEqual([])
  const other = await talk({ memory: true, owner })
  const chore = await claimOne()
  await patchConversation(database, owner, other.id, { history: { kind: 'none' } })
  expect(await saveMemoryEntry(database, chore, 'A note')).toBe(false)
  expect(await claim()).toEqual([])
})
