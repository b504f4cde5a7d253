import { expect, test, vi } from 'vitest'

import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import { loadTokenCounter } from '../../src/models/token-counter.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { factOfTurn3, fillConversation } from '../support/fill-conversation.ts'
import { follow, ofType } from '../support/follow.ts'
import { readContext } from '../support/given-context.ts'
import { callsOf, textOf } from '../support/talk.ts'

// The first is counted by its own tokenizer, the last by an estimate.
const product = useCheckedProduct({
  env: { OPENAI_MODELS: 'scripted,gpt-4o:16000,gpt-4o-mini:2000,plain:16000', PERDURA_MODEL: 'scripted' },
})

vi.setConfig({ testTimeout: 60_000 })

const account = { name: 'account_info', arguments: { address: factOfTurn3 } }
const time = { name: 'time_now', arguments: {} }

/** A quarter is for the answer; what is counted here is without what services add for each message. */
const roomOf = (window: number) => window * 0.75

/** A conversation that has had 500 turns. */
async function longTalk(model: string, history: HistoryStrategy, hostileTurn?: number) {
  const { client } = await product().guest()
  const { id } = await client.createConversation({ model, history })
  const filled = { turns: 500, ...(hostileTurn === undefined ? {} : { hostileTurn }) }
  await fillConversation(product().databaseUrl, id, filled)
  const following = follow(client, id)
  let turns = 0
  /** Asks a question that the model answers after two rounds of tools, and returns what it was given. */
  async function ask(key: string) {
    await product().model.script(key, [callsOf(time, account), callsOf(time), textOf('So it is.')])
    await client.postMessage(id, { text: `And now? [script:${key}]` })
    turns += 1
    const end = await following.untilTurns(turns)
    const requests = await product().model.requests(key)
    const counter = await loadTokenCounter({ model })
    return { end, contexts: requests.map((request) => readContext(request, counter)) }
  }
  return { client, id, ask, following }
}

test.for<[string, string, HistoryStrategy]>([
  ['window', 'gpt-4o', { kind: 'slidingWindow', window: 40 }],
  ['wide-window', 'gpt-4o', { kind: 'slidingWindow', window: 10_000 }],
  ['estimated', 'plain', { kind: 'slidingWindow', window: 10_000 }],
  ['summary', 'gpt-4o', { kind: 'summary' }],
  ['none', 'gpt-4o', { kind: 'none' }],
])('after 500 turns a model is given no more than it can read: %s', async ([key, model, history]) => {
  const { ask, following } = await longTalk(model, history)
  for (const turn of [1, 2, 3]) {
    const { end, contexts } = await ask(`${key}-${turn}`)
    expect(end).toMatchObject({ outcome: 'success' })
    expect(contexts).toHaveLength(3)
    for (const { tokens, broken, text } of contexts) {
      expect(tokens).toBeLessThan(roomOf(16_000))
      expect(broken).toEqual([])
      expect(text).toContain(`And now? [script:${key}-${turn}]`)
    }
  }
  following.close()
})

test('slidingWindow: has as much of the window as fits', async () => {
  const { ask, following } = await longTalk('gpt-4o', { kind: 'slidingWindow', window: 10_000 })
  const { contexts } = await ask('much')
  following.close()
  const users = contexts[0]?.messages.filter(({ role }) => role === 'user') ?? []
  expect(users.length).toBeGreaterThan(20)
  expect(users.at(-2)?.content).toContain('question number 500?')
  expect(contexts[0]?.tokens).toBeGreaterThan(8_000)
})

test('summary: a fact of the third of 500 turns is there at the end, as it stood there', async () => {
  const { ask, following } = await longTalk('gpt-4o', { kind: 'summary' })
  for (const key of ['fact-1', 'fact-2', 'fact-3']) {
    const { contexts } = await ask(key)
    expect(contexts[0]?.text).toContain(factOfTurn3)
    expect(contexts[0]?.messages[1]?.content).toContain('Note from the system')
  }
  following.close()
  // There was room for more than the next turns.
  expect(ofType(following.events, 'context.compacted')).toHaveLength(1)
})

test('full: ends clearly where it no longer fits, before the model is asked', async () => {
  const { ask, client, id, following } = await longTalk('gpt-4o', { kind: 'full' })
  const { end, contexts } = await ask('full')
  expect(end).toMatchObject({ outcome: 'limit', code: 'context_full' })
  expect(JSON.stringify(end)).toContain('openai/gpt-4o reads 16000 tokens')
  expect(contexts).toEqual([])
  // Another strategy is enough to go on, and another model as well.
  await client.updateConversation(id, { history: { kind: 'slidingWindow', window: 5 } })
  const { end: next, contexts: given } = await ask('full-window')
  expect(next).toMatchObject({ outcome: 'success' })
  expect(given[0]?.messages.filter(({ role }) => role === 'user')).toHaveLength(5)
  await client.updateConversation(id, { history: { kind: 'full' }, model: 'scripted' })
  const { end: last, contexts: all } = await ask('full-scripted')
  expect(last).toMatchObject({ outcome: 'success' })
  expect(all[0]?.messages.filter(({ role }) => role === 'user').length).toBeGreaterThan(500)
  following.close()
})

test('none: has the running turn alone', async () => {
  const { ask, following } = await longTalk('gpt-4o', { kind: 'none' })
  const { contexts } = await ask('alone')
  following.close()
  expect(contexts.map(({ messages }) => messages.map(({ role }) => role).join(' '))).toEqual([
    'system user',
    'system user assistant tool tool',
    'system user assistant tool tool assistant tool',
  ])
})

test('behavior: a million letters without a break are left out, and hold nobody up', async () => {
  const { ask, following } = await longTalk('gpt-4o', { kind: 'slidingWindow', window: 100 }, 495)
  const { end, contexts } = await ask('hostile')
  following.close()
  expect(end).toMatchObject({ outcome: 'success' })
  const users = contexts[0]?.messages.filter(({ role }) => role === 'user') ?? []
  expect(users[0]?.content).toContain('question number 496?')
})

/** Plays one turn of a new conversation. */
async function play(
  key: string,
  fields: { model: string; tools?: string[] },
  calls?: Parameters<typeof callsOf>,
) {
  await product().model.script(key, [...(calls === undefined ? [] : [callsOf(...calls)]), textOf('Done.')])
  const { client } = await product().guest()
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  const end = await following.untilTurns(1)
  following.close()
  const counter = await loadTokenCounter(fields)
  const contexts = (await product().model.requests(key)).map((request) => readContext(request, counter))
  return { id, end, contexts, events: following.events }
}

test('behavior: a turn goes on with 32 results of 60 KB that its model cannot read', async () => {
  const calls = Array.from({ length: 32 }, (_, index) => ({
    name: 'bulky',
    arguments: { mark: `m${index}`, sizeBytes: 60_000 },
  }))
  const { end, contexts, events } = await play('bulky', { model: 'gpt-4o' }, calls)
  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(events, 'tool.completed').map(({ status }) => status)).toEqual(Array<string>(32).fill('ok'))
  const { tokens = 0, broken, messages = [] } = contexts[1] ?? {}
  expect(tokens).toBeLessThan(roomOf(16_000))
  expect(broken).toEqual([])
  const results = messages.flatMap(({ role, content }) => (role === 'tool' ? [content ?? ''] : []))
  expect(results).toHaveLength(32)
  results.forEach((text, index) => {
    expect(text).toContain(`"mark":"m${index}"`)
    expect(text).toMatch(/\[cut: the first \d+ of 6\d{4} characters\. Read on with read_result/)
    expect(text).toContain(`"callId":"t1.r0.c${index}"`)
  })
})

test('error: a window that instructions and tools fill says so', async () => {
  const { end, contexts } = await play('tiny', { model: 'gpt-4o-mini' })
  expect(end).toMatchObject({ outcome: 'limit', code: 'context_full' })
  expect(JSON.stringify(end)).toMatch(
    /tools alone take \d+ of the 2000 tokens that openai\/gpt-4o-mini reads/,
  )
  expect(contexts).toEqual([])
})

test('behavior: a model with a window of 2,000 tokens is talked to without tools', async () => {
  const { client } = await product().guest()
  const { id } = await client.createConversation({ model: 'gpt-4o-mini', tools: [] })
  const following = follow(client, id)
  await product().model.script('small', [{ ...textOf('It holds so much. '.repeat(20)), repeat: true }])
  for (const turn of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await client.postMessage(id, { text: `Tell me of number ${turn}. [script:small]` })
    expect(await following.untilTurns(turn)).toMatchObject({ outcome: 'success' })
  }
  following.close()
  const counter = await loadTokenCounter({ model: 'gpt-4o-mini' })
  const contexts = (await product().model.requests('small')).map((request) => readContext(request, counter))
  for (const { tokens } of contexts) expect(tokens).toBeLessThan(roomOf(2_000))
})

test('behavior: what was used stands in its event with the window of the model that answered', async () => {
  const { events } = await play('used', { model: 'gpt-4o' })
  const [used] = ofType(events, 'usage.recorded')
  expect(used).toMatchObject({ model: 'openai/gpt-4o', contextLimit: 16_000 })
  expect(used?.contextTokens).toBe((used?.inputTokens ?? 0) + (used?.outputTokens ?? 0))
})
