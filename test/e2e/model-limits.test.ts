import { afterAll, expect, test, vi } from 'vitest'

import type { ConversationFields } from '../../src/client/api-answers.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { openScriptedModel } from '../support/scripted-model.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, ofType } from '../support/follow.ts'

// Of a second provider; the first is the product's own.
const second = await openScriptedModel()
afterAll(() => second.close())

const product = useCheckedProduct({
  env: {
    PERDURA_PROVIDERS: 'openai,second',
    SECOND_BASE_URL: second.baseUrl,
    SECOND_API_KEY: 'sk-second-key',
    SECOND_MODELS: 'small:32768,large',
    PERDURA_MODEL: 'openai/scripted',
  },
})

// Its turns have a second.
const hasty = useCheckedProduct({ env: { PERDURA_TURN_TIMEOUT_MS: '1000' } })

const say = (text: string): ScriptedReply => ({ parts: [{ type: 'text', text }] })
const time = { name: 'time_now', arguments: {} }
const ask = (count: number): ScriptedReply => ({
  parts: [{ type: 'toolCalls', calls: Array.from({ length: count }, () => time) }],
})

/** Plays a script as one turn of a new conversation. */
async function play(key: string, replies: ScriptedReply[], fields: ConversationFields = {}) {
  await Promise.all([product().model, second].map((model) => model.script(key, replies)))
  const { client } = await product().guest()
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  const end = await following.untilTurns(1)
  following.close()
  const { messages } = await client.getConversation(id)
  return { client, id, end, events: following.events, messages }
}

const secret = 'The user must never read this'

test.for([
  ['reasoning_content', { type: 'reasoning', text: secret, field: 'reasoning_content' }],
  ['reasoning', { type: 'reasoning', text: secret, field: 'reasoning' }],
  ['a think block', { type: 'reasoning', text: secret, field: 'think' }],
  ['a think block whose tags are split', { type: 'reasoning', text: secret, field: 'think', pieceLength: 3 }],
] as const)('behavior: reasoning in the form of %s never stands in the answer', async ([name, reasoning]) => {
  const key = `reasoning-${name.replaceAll(' ', '-')}`
  const { end, events, messages } = await play(key, [{ parts: [reasoning, { type: 'text', text: 'Four.' }] }])
  expect(end).toMatchObject({ outcome: 'success' })
  expect(messages.at(-1)?.text).toBe('Four.')
  expect(JSON.stringify(messages)).not.toContain('never read')
  expect(ofType(events, 'reasoning.completed').map(({ text }) => text.trim())).toEqual([secret])
  const answer = events.filter(({ type }) => type.startsWith('text.'))
  expect(JSON.stringify(answer)).not.toMatch(/never|read this|think>/)
})

test('error: a model that asks for tools without end is stopped after 25 rounds', async () => {
  const { client, id, end, events } = await play('rounds', [{ ...ask(1), repeat: true }])
  expect(end).toMatchObject({ outcome: 'limit', code: 'too_many_rounds', message: expect.any(String) })
  expect(ofType(events, 'round.started').length).toBe(25)
  expect(ofType(events, 'tool.completed').map(({ status }) => status)).toEqual(Array<string>(25).fill('ok'))
  await product().model.script('rounds-next', [say('Enough.')])
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Stop that [script:rounds-next]' })
  expect(await following.untilTurns(2)).toMatchObject({ outcome: 'success' })
  following.close()
}, 60_000)

test('behavior: of 40 calls in a reply, 32 run and the rest are told to wait', async () => {
  const { end, events } = await play('calls', [ask(40), say('Done.')])
  expect(end).toMatchObject({ outcome: 'success' })
  const ends = ofType(events, 'tool.completed')
  expect(ends.filter(({ status }) => status === 'ok').length).toBe(32)
  const refused = ends.filter(({ error }) => error?.code === 'too_many_tool_calls')
  const indexes = refused.map(({ callId }) => Number(callId.split('.c').at(-1)))
  expect(indexes).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
})

test('error: a turn that takes too long ends at a round boundary', async () => {
  const slow: ScriptedReply = {
    parts: [
      { type: 'gate', name: 'slow' },
      { type: 'toolCalls', calls: [time] },
    ],
  }
  const { model } = hasty()
  await model.script('slow', [slow, say('Never said.')])
  const { client } = await hasty().guest()
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:slow]' })
  const { arrivedAtMs } = await model.until('slow', 1, 'arrived')
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(arrivedAtMs + 1_000), 5_000)
  await model.openGate('slow')
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'limit', code: 'turn_time_limit', message: expect.any(String) })
})

test('behavior: each call of a model is counted, with its context', async () => {
  const usage = { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 64 } }
  const { events } = await play('usage', [
    { ...ask(1), usage },
    { ...say('Done.'), usage: { prompt_tokens: 150, completion_tokens: 5 } },
  ])
  expect(ofType(events, 'usage.recorded')).toMatchObject([
    { model: 'openai/scripted', inputTokens: 100, outputTokens: 20, cachedTokens: 64, contextTokens: 120 },
    {
      model: 'openai/scripted',
      inputTokens: 150,
      outputTokens: 5,
      contextTokens: 155,
      contextLimit: 128_000,
    },
  ])
})

test('behavior: several providers answer, each with its own models', async () => {
  await product().model.script('both', [say('From the first.')])
  await second.script('both', [say('From the second.')])
  const { client } = await product().guest()
  const { id, model } = await client.createConversation({ model: 'small' })
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:both]' })
  await following.untilTurns(1)
  await client.updateConversation(id, { model: 'openai/scripted' })
  await client.postMessage(id, { text: 'Again [script:both]' })
  await following.untilTurns(2)
  following.close()
  const texts = ofType(following.events, 'text.completed').map(({ text }) => text)
  expect([model, ...texts]).toEqual(['second/small', 'From the second.', 'From the first.'])
  expect(ofType(following.events, 'turn.started').map((turn) => turn.model)).toEqual([
    'second/small',
    'openai/scripted',
  ])
  expect((await second.requests('both')).map((request) => request.model)).toEqual(['small'])
})

test('behavior: a conversation chooses its model, and a change counts from the next turn', async () => {
  const gated: ScriptedReply = {
    parts: [
      { type: 'gate', name: 'chosen' },
      { type: 'toolCalls', calls: [time] },
    ],
  }
  await product().model.script('chosen', [say('From the first.')])
  await second.script('chosen', [gated, say('From the second.')])
  const { client } = await product().guest()
  const { id, model } = await client.createConversation({ model: 'small' })
  expect(model).toBe('second/small')
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:chosen]' })
  await second.until('chosen', 1, 'arrived')
  await client.updateConversation(id, { model: 'openai/scripted' })
  await second.openGate('chosen')
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Again [script:chosen]' })
  await following.untilTurns(2)
  following.close()
  const texts = ofType(following.events, 'text.completed').map(({ text }) => text)
  expect(texts).toEqual(['From the second.', 'From the first.'])
  expect(ofType(following.events, 'turn.started').map((turn) => turn.model)).toEqual([
    'second/small',
    'openai/scripted',
  ])
  expect((await second.requests('chosen')).map((request) => request.model)).toEqual(['small', 'small'])
})
