import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import type { Client } from '../../src/client/create-client.ts'
import { isSettled } from '../../src/client/is-settled.ts'
import { loadView } from '../../src/client/load-view.ts'
import { addOlder, loadOlder } from '../../src/client/load-older.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import { fillConversation } from '../support/fill-conversation.ts'
import { openSecondModel } from '../support/two-models.ts'
import { type Product, startProduct } from '../support/product.ts'
import { textOf } from '../support/talk.ts'
import { openChat } from '../terminal/open-chat.ts'

const { other, env } = await openSecondModel()
let product: Product

beforeAll(async () => {
  product = await startProduct({
    env: {
      ...env,
      PERDURA_PRICES: 'openai/scripted=1/2,mistral/other=3/4',
      PERDURA_DAY_BUDGET_TOKENS: '1000000',
    },
  })
})
afterAll(() => product.close())

/** A chat with a model that gives these answers, one after the other. */
async function chatWith(key: string, count: number) {
  const answers = Array.from({ length: count }, (_, index) => textOf(`Answer ${index + 1} of ${key}.`))
  await product.model.script(key, answers)
  const chat = await openChat(product, {}, 160)
  let asked = 0
  async function run(line: string, shown: string): Promise<void> {
    chat.type(`${line}\r`)
    await chat.shows(shown)
  }
  return {
    ...chat,
    run,
    /** Sends a message, or a command that has one answered, and waits for the end of its turn. */
    async ask(line: string): Promise<void> {
      asked += 1
      await run(`${line} [script:${key}]`, `Answer ${asked} of ${key}.`)
      await untilSettled(chat.client, (await latest()).id)
    },
    latest,
  }

  /** The conversation that changed last. */
  async function latest() {
    const { conversations } = await chat.client.listConversations()
    const [conversation] = conversations
    if (!conversation) throw new Error('There is no conversation.')
    return conversation
  }
}

async function untilSettled(client: Client, id: string): Promise<void> {
  let view = await loadView(client, id)
  if (isSettled(view)) return
  for await (const event of client.followEvents(id, { after: view.lastSeq })) {
    view = applyEvent(view, event)
    if (isSettled(view)) return
  }
}

const textsOf = ({ entries }: ConversationView) =>
  entries.flatMap((entry) =>
    entry.kind === 'message' ? [entry.content.text.replace(/ \[script:.*/, '')] : [],
  )

/** What a reader has who was there from the beginning, and one who comes now. */
async function readBoth(client: Client, id: string) {
  const snapshot = await client.getConversation(id)
  const { events } = await client.listEvents(id)
  return {
    followed: textsOf(events.reduce(applyEvent, emptyView)),
    loaded: textsOf(viewOfSnapshot(snapshot)),
  }
}

test('an earlier message is edited, the conversation forked, and the original stays as it is', async () => {
  const chat = await chatWith('branches', 4)
  await chat.ask('One')
  await chat.ask('Two')
  await chat.ask('/edit 2 Uno')
  const { id } = await chat.latest()
  const { followed, loaded } = await readBoth(chat.client, id)
  expect(followed).toEqual(['Uno', 'Answer 3 of branches.'])
  expect(loaded).toEqual(followed)
  await chat.run('/fork', `Forked behind “Answer 3 of branches.”. The original is ${id}.`)
  await chat.ask('More')
  const fork = await chat.latest()
  expect(fork).toMatchObject({ forkedFrom: { conversationId: id } })
  const branch = ['Uno', 'Answer 3 of branches.', 'More', 'Answer 4 of branches.']
  expect(textsOf(viewOfSnapshot(await chat.client.getConversation(fork.id)))).toEqual(branch)
  expect((await readBoth(chat.client, id)).loaded).toEqual(followed)
  await chat.close()
})

test('the model is switched for one message and for all, and the status row shows what it costs', async () => {
  const chat = await chatWith('models', 3)
  await chat.ask('One')
  expect(chat.terminal.screen).toMatch(
    /^openai\/scripted · \S+ of 128k tokens \(\d+ %\) · ~?\$0\.\d+ this turn/m,
  )
  await chat.run('/model other once', 'next message: mistral/other')
  await other.script('models', [textOf('Another one.')])
  await chat.run('Two [script:models]', 'Another one.')
  const { id } = await chat.latest()
  await untilSettled(chat.client, id)
  await chat.run('/model mistral/other temperature=0.5', 'Model settings: temperature=0.5.')
  expect(await chat.client.getConversation(id)).toMatchObject({
    conversation: { model: 'mistral/other', modelSettings: { temperature: 0.5 } },
    messages: [{}, { model: 'openai/scripted' }, { model: 'mistral/other' }, { model: 'mistral/other' }],
  })
  await chat.run('/usage', 'Left for today (UTC): ')
  expect(chat.terminal.screen).toMatch(/^Conversation {2}2 calls · /m)
  await chat.close()
})

test('the older part is summed up and cleared, and both are seen', async () => {
  const chat = await chatWith('context', 3)
  await chat.ask('One')
  await chat.ask('Two')
  await chat.run('/history window 9', 'History: window 9 (your last 9 messages and what followed them).')
  await chat.run('/clear yes', '── cleared: the model is given nothing of what stands above')
  await chat.ask('Three')
  const { body } = await product.model.until('context', 3, 'arrived')
  expect(JSON.stringify(body)).not.toContain('Answer 1 of context.')
  expect(await chat.latest()).toMatchObject({ history: { kind: 'slidingWindow', window: 9 } })
  await chat.close()
})

test('a conversation is named, found again, written into a file and read in as a new one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'perdura-export-'))
  const chat = await chatWith('library', 2)
  await chat.ask('Something about quinces')
  await chat.run('/title Fruit', 'Title: Fruit')
  await chat.run('/new', 'A new conversation begins')
  await chat.run('/search quinc', '… ')
  expect(chat.terminal.screen).toMatch(/^1 {2}c_\S+ .* Fruit$/m)
  // Written at once: it is about the conversation that is being opened.
  chat.type('/open 1\r')
  await chat.run(`/export ${join(folder, 'talk.json')}`, 'Written: ')
  const { id } = await chat.client.importConversation(
    JSON.parse(await readFile(join(folder, 'talk.json'), 'utf8')),
  )
  expect(textsOf(viewOfSnapshot(await chat.client.getConversation(id)))).toEqual([
    'Something about quinces',
    'Answer 1 of library.',
  ])
  await chat.close()
  await rm(folder, { recursive: true })
})

test('older messages are read page by page, while a turn goes on', async () => {
  const chat = await chatWith('older', 1)
  const { id } = await chat.client.createConversation()
  await fillConversation(product.databaseUrl, id, { turns: 150 })
  await chat.run(`/open ${id}`, '(earlier messages are not shown)')
  let view = await loadView(chat.client, id)
  const page = await loadOlder(chat.client, id, view)
  chat.type('Go on [script:older]\r')
  for await (const event of chat.client.followEvents(id, { after: view.lastSeq })) {
    view = applyEvent(view, event)
    if (event.type === 'turn.finished') break
  }
  for (let older = page; older; older = await loadOlder(chat.client, id, view)) view = addOlder(view, older)
  const questions = Array.from(
    { length: 150 },
    (_, turn) => `What do you say to question number ${turn + 1}?`,
  )
  expect(textsOf(view).filter((text) => text.startsWith('What do you say'))).toEqual(questions)
  expect(textsOf(view).slice(-2)).toEqual(['Go on', 'Answer 1 of older.'])
  const calls = view.entries.filter(({ kind }) => kind === 'call')
  expect(calls.map((call) => call.kind === 'call' && call.output !== undefined)).toEqual(
    calls.map(() => true),
  )
  expect(calls).toHaveLength(150)
  await chat.close()
})
