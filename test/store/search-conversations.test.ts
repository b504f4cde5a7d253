import { beforeEach, expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import { searchConversations } from '../../src/store/search-conversations.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let owner: string
beforeEach(async () => {
  owner = await store.createOwner()
})

/** A conversation in which one question was answered. */
async function talk(question: string, answer: string, title = 'Test', by = owner): Promise<string> {
  const { id } = await store.createConversation({ owner: by, title })
  const turn = createTurnScript(database, { id, owner: by })
  await turn.accept('m1', question)
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, answer)
  return id
}

async function search(query: string, changes: { archived?: boolean; cursor?: string } = {}) {
  return searchConversations(database, { owner, query, archived: false, ...changes })
}

async function listFound(query: string): Promise<string[]> {
  return (await search(query)).conversations.map(({ id }) => id)
}

test('finds conversations by what was said, the latest first, with the place', async () => {
  const first = await talk('What about the marmot?', 'It sleeps until spring.')
  const second = await talk('Hello', 'Once upon a time a Marmot sang.')
  await talk('Hello', 'Nothing of that kind.')
  const { conversations, nextCursor } = await search('marmot')
  expect(conversations).toMatchObject([
    { id: second, match: { messageId: `${second}.t1.r0`, snippet: 'Once upon a time a Marmot sang.' } },
    { id: first, match: { messageId: `${first}.m1`, snippet: 'What about the marmot?' } },
  ])
  expect(nextCursor).toBeNull()
})

test('finds them by their titles', async () => {
  const id = await talk('Hello', 'Hi', 'Treasury of 2026 (draft)')
  for (const query of ['treasury draft', 'easury', '(dra', 'TREASURY', 'treas']) {
    const { conversations } = await search(query)
    expect(conversations, query).toMatchObject([{ id }])
    expect(conversations[0]?.match).toBeUndefined()
  }
})

test('behavior: all words must be in one message, the last one may be unfinished', async () => {
  const id = await talk('Swap the wrapped ether', 'It was done at noon.')
  expect(await listFound('ether swap')).toEqual([id])
  expect(await listFound('swap wrap')).toEqual([id])
  expect(await listFound('swa ether')).toEqual([])
  expect(await listFound('ether noon')).toEqual([])
})

test('behavior: addresses and hashes are found, also by their beginning', async () => {
  const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const id = await talk(`What does ${address} hold?`, 'Nothing, says example.com/balances?of=me.')
  for (const query of [address, address.toLowerCase(), address.slice(0, 10), 'example.com', 'exampl']) {
    expect(await listFound(query), query).toEqual([id])
  }
})

test('behavior: the text around a word that comes late is shown', async () => {
  await talk('Hello', `${'word '.repeat(2_000)} kingfisher ${'word '.repeat(2_000)}`)
  const [found] = (await search('kingfisher')).conversations
  expect(found?.match?.snippet).toContain('kingfisher')
  expect(found?.match?.snippet.length).toBeLessThanOrEqual(200)
})

test('behavior: what was replaced, results of tools and what is only received are not searched', async () => {
  const id = await talk('The walrus', 'The penguin')
  const turn = createTurnScript(database, { id, owner })
  await turn.accept('m2', 'The ostrich')
  await database.rows('test_replace', "update messages set superseded_by = 'x' where id = $1", [
    `${id}.t1.r0`,
  ])
  await database.rows(
    'test_tool',
    `insert into messages (id, conversation_id, role, text, state) values ($1, $2, 'tool', 'The pelican', 'done')`,
    [`${id}.tool`, id],
  )
  expect(await listFound('walrus')).toEqual([id])
  for (const query of ['penguin', 'ostrich', 'pelican']) expect(await listFound(query)).toEqual([])
})

test('behavior: archived ones are found among the archived only', async () => {
  const id = await talk('The badger', 'Yes')
  await patchConversation(database, owner, id, { archived: true })
  expect(await listFound('badger')).toEqual([])
  expect((await search('badger', { archived: true })).conversations).toMatchObject([{ id }])
})

test('behavior: a page at a time, each once', async () => {
  const ids: string[] = []
  for (let number = 0; number < 60; number++) ids.unshift(await talk('The heron', `Number ${number}`))
  const first = await search('heron')
  expect(first.conversations).toHaveLength(50)
  const second = await search('heron', { cursor: first.nextCursor ?? '' })
  expect(second.nextCursor).toBeNull()
  expect([...first.conversations, ...second.conversations].map(({ id }) => id)).toEqual(ids)
})

test('behavior: a text of any length can be stored and is found by its beginning', async () => {
  const words = Array.from({ length: 160_000 }, (_, number) => `w${number.toString(36)}`).join(' ')
  const id = await talk('Hello', `platypus ${words}`)
  await talk('Hello', `${'\u{1f9a9}'.repeat(3_000)} ${'x'.repeat(90_000)}`)
  expect(await listFound('platypus')).toEqual([id])
})

test('error: no query is an error, whatever it holds', async () => {
  const id = await talk("It's 100% & (done) | not: <-> !", 'Yes')
  const hostile = [
    "'",
    "''",
    '\\',
    '%',
    '_',
    ':*',
    '!',
    '& |',
    '(',
    '<->',
    "a' | 'b",
    '\\:*',
    '"',
    '🦩',
    'a:*b',
    "'':*'",
  ]
  for (const query of hostile) await expect(search(query), query).resolves.toBeDefined()
  expect(await listFound('100%')).toEqual([id])
  expect(await listFound('done) | not:')).toEqual([id])
  expect(await listFound('%')).toEqual([])
})

test('error: nobody finds what belongs to somebody else', async () => {
  await talk('The secret otter', 'Yes', 'Otter', await store.createOwner())
  expect(await listFound('otter')).toEqual([])
})

/** How many messages are read for a search, of whomever. */
async function countRead(by: string, query: string): Promise<number> {
  const connection = await database.openConnection()
  const readCount = async () => {
    const { rows } = await connection.query<{ count: number }>(
      "select seq_tup_read + idx_tup_fetch as count from pg_stat_xact_user_tables where relname = 'messages'",
    )
    return rows[0]?.count ?? Number.NaN
  }
  try {
    await connection.query('begin')
    const before = await readCount()
    await connection.query('select search_conversations($1, $2, false, null, null, 51)', [by, query])
    await connection.query("select search_memory($1, 'c_none', $2, 5)", [by, query])
    return (await readCount()) - before
  } finally {
    await connection.end()
  }
}

const addMany = (by: string) =>
  database.rows(
    'test_many',
    `insert into conversations (id, owner_id, title, model, history)
       select $1 || n, $1, 'Many', 'scripted/demo', '{"kind":"full"}' from generate_series(1, 2500) n`,
    [by],
  )

test('behavior: an owner of more conversations than a query can name is served as any other', async () => {
  const ids = [await talk('The ocelot', 'Yes')]
  await addMany(owner)
  ids.unshift(await talk('The ocelot', 'No'))
  await talk('The ocelot', 'No', 'Test', await store.createOwner())
  expect(await listFound('ocelot')).toEqual(ids)
  expect(await listFound('ocelot yes')).toEqual([])
})

test('behavior: a search reads nothing of other owners, also of one with no conversations or with many', async () => {
  const other = await store.createOwner()
  for (let number = 0; number < 5; number++) await talk('The dormouse', 'Yes', 'Test', other)
  expect(await countRead(owner, 'dormouse')).toBe(0)
  await addMany(owner)
  expect(await countRead(owner, 'dormouse')).toBe(0)
  expect(await countRead(other, 'dormouse')).toBeGreaterThanOrEqual(5)
})

test('behavior: the place of a word is looked for in what is searched', async () => {
  await talk('Hello', `Capybara ${'word '.repeat(19_000)}and the wombat ${'word '.repeat(5_000)}tapir`)
  const snippetFor = async (query: string) => (await search(query)).conversations[0]?.match?.snippet
  expect(await snippetFor('wombat')).toContain('and the wombat')
  expect(await snippetFor('capybara')).toMatch(/^Capybara/)
  const [row] = await database.rows<{ snippet: string }>(
    'test_snippet',
    "select to_snippet(repeat('word ', 30000) || 'tapir', 'tapir', 200) as snippet",
  )
  expect(row?.snippet).not.toContain('tapir')
})
