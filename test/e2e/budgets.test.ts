import { expect, test } from 'vitest'
import { z } from 'zod'

import type { ConversationFields } from '../../src/client/api-answers.ts'
import type { Client } from '../../src/client/create-client.ts'
import { usageReportSchema } from '../../src/schemas/usage.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, type Following, ofType } from '../support/follow.ts'
import { expectWholeLog } from '../support/whole-log.ts'

const prices = { PERDURA_PRICES: 'openai/scripted=0.25/2/0.025' }
// Enough for a short answer after what a call carries, and much less than a long one.
const product = useCheckedProduct({
  env: {
    ...prices,
    PERDURA_TURN_BUDGET_TOKENS: '6000',
    PERDURA_DAY_BUDGET_TOKENS: '9000',
    PERDURA_MODEL_TRIES: '2',
  },
})
const unlimited = useCheckedProduct({ env: { ...prices, PERDURA_MODEL_TRIES: '2' } })

const say = (text: string, changes: Partial<ScriptedReply> = {}): ScriptedReply => ({
  parts: [{ type: 'text', text }],
  ...changes,
})
const endless: ScriptedReply = { parts: [{ type: 'text', text: 'again and ', times: 20_000 }], usage: null }
const time = { name: 'time_now', arguments: {} }
const plain: ConversationFields = { tools: [] }

type Running = { id: string; client: Client; token: string; key: string; following: Following }

/** Posts the first message of a new guest, or of one that is given. */
async function begin(
  get: typeof product,
  key: string,
  replies: ScriptedReply[],
  { guest, fields = plain }: { guest?: { client: Client; token: string }; fields?: ConversationFields } = {},
): Promise<Running> {
  await get().model.script(key, replies)
  const { client, token } = guest ?? (await get().guest())
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  return { id, client, token, key, following }
}

/** Waits for the end of the turn; what was served and what is booked must be the same calls. */
async function finish(
  get: typeof product,
  { id, client, token, key, following }: Running,
  runningElsewhere = 0,
) {
  const end = await following.untilTurns(1)
  following.close()
  await expectWholeLog(client, id, following.events)
  const requests = await get().model.requests(key)
  const { body } = await get().call('GET', `/api/usage?conversationId=${id}`, { token })
  const usage = usageReportSchema.parse(body)
  const recorded = ofType(following.events, 'usage.recorded')
  expect(usage.conversation?.calls).toBe(requests.length)
  expect(recorded).toHaveLength(requests.length)
  expect(usage.reserved.calls).toBe(runningElsewhere)
  const { messages } = await client.getConversation(id)
  return { end, events: following.events, messages, requests, usage, recorded }
}

const bodySchema = z.object({
  max_completion_tokens: z.number().optional(),
  max_tokens: z.number().optional(),
})

/** The longest output that a request allowed. */
function readMaximum(body: unknown): number {
  const { max_completion_tokens: modern, max_tokens: old } = bodySchema.parse(body)
  return modern ?? old ?? Number.NaN
}

test('an answer that reaches the budget is cut there, whether or not the service stops by itself', async () => {
  const running = await begin(product, 'endless', [endless])
  const { end, messages, requests, recorded, usage } = await finish(product, running)
  expect(end).toMatchObject({
    outcome: 'limit',
    code: 'turn_budget',
    message: expect.stringContaining('Continue'),
  })
  expect(messages.at(-1)).toMatchObject({
    role: 'assistant',
    text: expect.stringMatching(/^again and again/),
  })
  const [{ inputTokens, outputTokens } = { inputTokens: 0, outputTokens: 0 }] = recorded
  expect(recorded).toMatchObject([{ estimated: true }])
  expect(outputTokens).toBeLessThanOrEqual(readMaximum(requests[0]?.body))
  expect(inputTokens + outputTokens).toBeLessThanOrEqual(6_000)
  expect(inputTokens + outputTokens).toBeGreaterThan(5_990)
  expect(usage.limits).toMatchObject([
    { code: 'turn_budget', tokens: { limit: 6_000, left: 6_000 } },
    { code: 'day_budget', tokens: { limit: 9_000, left: 9_000 - inputTokens - outputTokens } },
  ])
})

test('behavior: arguments of a call that have no end are cut as well, and nothing runs', async () => {
  const call = { name: 'time_now', arguments: `{"text":"${'y'.repeat(200_000)}"}` }
  const running = await begin(product, 'arguments', [
    { parts: [{ type: 'toolCalls', calls: [call], pieceLength: 50 }], usage: null },
  ])
  const { end, events, recorded } = await finish(product, running)
  expect(end).toMatchObject({ outcome: 'limit', code: 'turn_budget' })
  expect(ofType(events, 'tool.started')).toEqual([])
  expect((recorded[0]?.inputTokens ?? 0) + (recorded[0]?.outputTokens ?? 0)).toBeLessThanOrEqual(6_000)
})

test('behavior: a service that stops at the limit it was told ends the turn with the same name', async () => {
  const running = await begin(product, 'length', [say('Cut here', { finish: 'length' })])
  const { end, messages } = await finish(product, running)
  expect(end).toMatchObject({ outcome: 'limit', code: 'turn_budget' })
  expect(messages.at(-1)?.text).toBe('Cut here')
})

test('behavior: the rounds of a turn share its budget, and the next one is not even asked for', async () => {
  const ask: ScriptedReply = {
    parts: [{ type: 'toolCalls', calls: [time] }],
    usage: { prompt_tokens: 1_900, completion_tokens: 100 },
    repeat: true,
  }
  const running = await begin(product, 'rounds', [ask], { fields: { tools: ['time_now'] } })
  const { end, requests, usage } = await finish(product, running)
  expect(end).toMatchObject({
    outcome: 'limit',
    code: 'turn_budget',
    message: expect.stringContaining('too little'),
  })
  expect(usage.conversation).toMatchObject({ inputTokens: 1_900 * requests.length, estimatedCalls: 0 })
  const maxima = requests.map(({ body }) => readMaximum(body))
  expect(maxima).toEqual(maxima.toSorted((a, b) => b - a))
  expect(requests.length).toBeGreaterThan(1)
  expect(requests.length).toBeLessThanOrEqual(3)
})

test('behavior: at the edge of the day, conversations at once share what is left, and the last is refused', async () => {
  const guest = await product().guest()
  const { model } = product()
  const gated = (name: string): ScriptedReply => ({
    parts: [
      { type: 'gate', name },
      { type: 'text', text: 'In time.' },
    ],
    usage: { prompt_tokens: 50, completion_tokens: 50 },
  })
  const first = await begin(product, 'edge-1', [gated('edge-1')], { guest })
  const { body: wide } = await model.until('edge-1', 1, 'arrived')
  const second = await begin(product, 'edge-2', [gated('edge-2')], { guest })
  const { body: narrow } = await model.until('edge-2', 1, 'arrived')
  expect(readMaximum(narrow)).toBeLessThan(readMaximum(wide))

  const third = await finish(product, await begin(product, 'edge-3', [say('Never.')], { guest }), 2)
  expect(third).toMatchObject({ end: { outcome: 'limit', code: 'day_budget' }, requests: [] })
  expect(third.usage.limits).toMatchObject([{}, { code: 'day_budget', tokens: { left: 0 } }])

  await Promise.all(['edge-1', 'edge-2'].map((gate) => model.openGate(gate)))
  const ends = await Promise.all([first, second].map(({ following }) => following.untilTurns(1)))
  expect(ends).toMatchObject([{ outcome: 'success' }, { outcome: 'success' }])
  for (const { following } of [first, second]) following.close()
  // What they had reserved and did not use is free again.
  const after = await finish(product, await begin(product, 'edge-4', [say('Room again.')], { guest }))
  expect(after.end).toMatchObject({ outcome: 'success' })
})

test('behavior: a stopped answer is paid: what was given, and what came', async () => {
  const running = await begin(unlimited, 'stop', [
    {
      parts: [
        { type: 'text', text: 'Half of it' },
        { type: 'gate', name: 'never' },
      ],
    },
  ])
  await running.following.until(({ type }) => type === 'text.delta')
  await running.client.cancelTurn(running.id)
  const { end, recorded, usage } = await finish(unlimited, running)
  expect(end).toMatchObject({ outcome: 'cancelled' })
  expect(recorded).toMatchObject([
    { estimated: true, outputTokens: 4, costUsd: expect.stringMatching(/^0\.000/) },
  ])
  expect(usage.conversation).toMatchObject({ calls: 1, outputTokens: 4, estimatedCalls: 1 })
})

test('behavior: a repeated call is paid twice, one that was refused costs nothing', async () => {
  const half: ScriptedReply = {
    parts: [
      { type: 'text', text: 'Half of it' },
      { type: 'gate', name: 'half' },
      { type: 'fault', fault: 'cut' },
    ],
  }
  const whole = say('All of it.', {
    usage: { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 40 } },
  })
  const running = await begin(unlimited, 'retried', [half, whole])
  await running.following.until(({ type }) => type === 'text.delta')
  await unlimited().model.openGate('half')
  const retried = await finish(unlimited, running)
  expect(retried.end).toMatchObject({ outcome: 'success' })
  expect(retried.recorded).toMatchObject([
    { estimated: true, outputTokens: 4 },
    { inputTokens: 100, outputTokens: 20, cachedTokens: 40, costUsd: '0.000056' },
  ])
  const busy: ScriptedReply = { status: 429, headers: { 'retry-after': '0' } }
  const refused = await finish(unlimited, await begin(unlimited, 'refused', [busy, whole]))
  expect(refused.usage.conversation).toMatchObject({
    calls: 2,
    inputTokens: 100,
    outputTokens: 20,
    costUsd: '0.000056',
  })
})

test('behavior: what a service does not count is counted here', async () => {
  const { recorded } = await finish(
    unlimited,
    await begin(unlimited, 'uncounted', [say('Twenty bytes of text', { usage: null })]),
  )
  expect(recorded).toMatchObject([{ estimated: true, outputTokens: 8 }])
  expect(recorded[0]?.inputTokens).toBeGreaterThan(100)
})

test('behavior: a deleted conversation leaves what it cost, and no word of it', async () => {
  const running = await begin(unlimited, 'deleted', [say('Gone.')])
  const { usage } = await finish(unlimited, running)
  await running.client.deleteConversation(running.id)
  const { body } = await unlimited().call('GET', '/api/usage', { token: running.token })
  expect(usageReportSchema.parse(body)).toMatchObject({ total: usage.total, models: usage.models })
})

const days = 'days: Write a whole number from 1 to 366.'
test.for([
  ['days=0', days],
  ['days=367', days],
  ['days=x', days],
  [`turnId=${'x'.repeat(201)}`, 'turnId: Too big'],
])('error: usage refuses %s with 422', async ([query, detail]) => {
  const { token } = await unlimited().guest()
  expect(await unlimited().call('GET', `/api/usage?${query}`, { token })).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', detail: expect.stringContaining(detail ?? '') },
  })
})
