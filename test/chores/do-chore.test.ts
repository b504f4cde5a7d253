import { beforeEach, expect, test } from 'vitest'

import { doChore } from '../../src/chores/do-chore.ts'
import { AppError } from '../../src/contracts/errors.ts'
import { createLogger } from '../../src/ops/logger.ts'
import type { HelperQuestion } from '../../src/schemas/helper-question.ts'
import { type Chore, claimChores } from '../../src/store/chores.ts'
import { getConversation } from '../../src/store/conversations.ts'
import { listMemory } from '../../src/store/memory.ts'
import { createTurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'

const store = await createStore()
const { database } = store
const logger = createLogger({ level: 'silent', part: 'worker' })

beforeEach(async () => {
  await database.rows('test_clear', 'delete from conversations')
})

/** A conversation with one answered turn, and its chore. */
async function talk(changes = {}) {
  const conversation = await store.createConversation({ title: 'New conversation', ...changes })
  const turn = createTurnScript(database, conversation)
  await turn.accept('m1', 'What is a marmot, and where does it live when the winter is long?')
  await turn.begin(1, 0, ['m1'])
  await turn.answer(1, 0, 'A rodent of the Alps.')
  return conversation
}

/** A helper that says these things, one after the other; an error is thrown. */
function helper(...answers: unknown[]) {
  const asked: HelperQuestion<unknown>[] = []
  async function ask<Value>(question: HelperQuestion<Value>): Promise<Value> {
    asked.push(question)
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return question.schema.parse(answer)
  }
  return { ask, asked }
}

type Ask = ReturnType<typeof helper>['ask']

/** Does what is due until nothing is, as if pauses were over. Answers how often there was something. */
async function work(ask: Ask | undefined, signal = new AbortController().signal): Promise<Chore[]> {
  const done: Chore[] = []
  while (!signal.aborted) {
    await database.rows('test_due', 'update chores set due_at = now()')
    const [chore] = await claimChores(database, { limit: 1, leaseMs: 60_000 })
    if (chore === undefined) return done
    done.push(chore)
    await doChore(chore, { database, ask, logger }, signal)
  }
  return done
}

const readTitle = async ({ id, owner }: { id: string; owner: string }) =>
  (await getConversation(database, owner, id)).title
const cut = 'What is a marmot, and where does it live when the winter…'

test("the helper's title is taken, cleaned", async () => {
  const talked = await talk()
  const { ask, asked } = helper({ title: '**"Marmots\u202e in winter"**' })
  await work(ask)
  expect(await readTitle(talked)).toBe('Marmots in winter')
  expect(asked).toMatchObject([
    {
      key: { id: `${talked.id}.title.t1.a1`, kind: 'title', owner: talked.owner, conversationId: talked.id },
      text: expect.stringMatching(/^User: What is a marmot.*\n\nAssistant: A rodent of the Alps\.$/),
    },
  ])
})

test.each([
  ['there is no helper', undefined, 1],
  ['the budget is used up', [new AppError('owner_budget', 'Used up.')], 1],
  [
    'the helper answers with garbage',
    [new AppError('model_garbage', 'What?'), new AppError('model_garbage', 'What?')],
    2,
  ],
  ['the helper is down', [new AppError('model_unavailable', 'Down.'), new Error('Down')], 2],
  ['nothing is left of the title', [{ title: '***' }], 1],
])('behavior: when %s, the beginning of the message is the title', async (_, answers, tries) => {
  const talked = await talk()
  const scripted = answers === undefined ? undefined : helper(...answers, { title: 'Never asked for' })
  expect(await work(scripted?.ask)).toHaveLength(tries)
  expect(await readTitle(talked)).toBe(cut)
})

test('behavior: nobody is asked for a title of what is to be forgotten', async () => {
  const talked = await talk()
  await database.rows(
    'test_pass',
    `insert into forgettings (id, conversation_id, due_at) values ($1 || '.t1', $1, now() + interval '1 hour')`,
    [talked.id],
  )
  const { ask, asked } = helper({ title: 'Marmots' })
  await work(ask)
  expect(asked).toEqual([])
  expect(await readTitle(talked)).toBe('New conversation')
})

test('behavior: a second try may do it', async () => {
  const talked = await talk()
  const { ask, asked } = helper(new AppError('model_unavailable', 'Down.'), { title: 'Marmots' })
  await work(ask)
  expect(await readTitle(talked)).toBe('Marmots')
  expect(asked.map(({ key }) => key.id)).toEqual([`${talked.id}.title.t1.a1`, `${talked.id}.title.t1.a2`])
})

test('behavior: after two tries that were lost with their workers nobody is asked', async () => {
  const talked = await talk()
  for (const _ of [1, 2]) {
    await claimChores(database, { limit: 1, leaseMs: 0 })
    await database.rows('test_due', 'update chores set due_at = now()')
  }
  const { ask, asked } = helper({ title: 'Marmots' })
  await work(ask)
  expect(asked).toEqual([])
  expect(await readTitle(talked)).toBe(cut)
})

test('behavior: a worker that stops gives back what it does', async () => {
  const talked = await talk()
  const stop = new AbortController()
  await work(async () => {
    stop.abort()
    throw new Error('aborted')
  }, stop.signal)
  const { ask } = helper({ title: 'Marmots' })
  expect((await work(ask)).map((chore) => chore.try)).toEqual([2])
  expect(await readTitle(talked)).toBe('Marmots')
})

test('what is remembered is written by the helper, from what it knew before', async () => {
  const { id, owner } = await talk({ title: 'Alps', memory: true })
  const { ask, asked } = helper(
    { note: 'Likes\u200b marmots.\nLives in the Alps.' },
    { note: 'Likes ibexes.' },
  )
  await work(ask)
  expect(await listMemory(database, owner)).toMatchObject([
    { conversationId: id, text: 'Likes marmots. Lives in the Alps.' },
  ])
  await database.rows('test_again', "insert into chores (conversation_id, kind) values ($1, 'memory')", [id])
  await work(ask)
  expect(asked[1]?.text).toMatch(/^Earlier note: Likes marmots\. Lives in the Alps\.\n\nUser: What/)
  expect(await listMemory(database, owner)).toMatchObject([{ text: 'Likes ibexes.' }])
})

test('behavior: without a helper, or when it fails twice, nothing is remembered', async () => {
  const { owner } = await talk({ title: 'Alps', memory: true })
  await work(undefined)
  await talk({ title: 'Alps', memory: true, owner })
  expect(await work(helper(new Error('Down'), new Error('Down')).ask)).toHaveLength(2)
  expect(await listMemory(database, owner)).toEqual([])
})
