import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { askHelper } from '../../src/activities/ask-helper.ts'
import { ModelSlots } from '../../src/activities/model-slots.ts'
import { createModelRegistry } from '../../src/models/model-registry.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { openScriptedModel, scriptedConfig } from '../support/scripted-model.ts'
import { openServices } from '../support/unshared-services.ts'
import { createStore } from '../support/store.ts'

const titleSchema = z.strictObject({ title: z.string().min(1).max(80) })
const say = (text: string): ScriptedReply => ({ parts: [{ type: 'text', text, times: 1 }] })
const sentSchema = z.looseObject({
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  max_tokens: z.number(),
  reasoning_effort: z.string().optional(),
})

const store = await createStore()
const { database } = store
const modelSlots = new ModelSlots(10)
const externals = openServices()
const budgets = { limits: { turn: {}, day: {}, owner: {} }, priceOf: () => undefined }

/** What was booked under a key, in order. */
async function listEntries(key: string) {
  return database.rows('ledger_of', 'select * from ledger where id like $1 order by created_at', [`${key}%`])
}

describe('askHelper', { timeout: 30_000 }, () => {
  let model: Awaited<ReturnType<typeof openScriptedModel>>
  let count = 0
  beforeAll(async () => {
    model = await openScriptedModel()
  })
  afterAll(() => model.close())

  /** Asks for a title of a message that names a script, which the helper answers from its own. */
  async function ask(
    replies: ScriptedReply[],
    {
      efforts = false,
      signal = new AbortController().signal,
      tries = 2,
    }: { efforts?: boolean; signal?: AbortSignal; tries?: 1 | 2 } = {},
  ) {
    const key = `title-${count++}`
    await model.script(`helper:${key}`, replies)
    const own = efforts ? { ownSettings: { reasoningEfforts: { reasoningEfforts: ['low' as const] } } } : {}
    const models = [{ model: 'helper', contextLimitTokens: 128_000 }]
    const registry = createModelRegistry([scriptedConfig(model.baseUrl, { models, ...own })], {
      defaultModel: 'helper',
      helperModel: 'helper',
    })
    const { id: conversationId, owner } = await store.createConversation()
    const answer = askHelper(
      {
        key: { id: `${key}.a1`, kind: 'title', owner, conversationId },
        system: 'Write a title.',
        text: `Hello [script:${key}]`,
        schema: titleSchema,
        maxOutputTokens: 100,
        tries,
        signal,
      },
      { models: registry, database, budgets, modelSlots, externals },
    )
    const requests = async () =>
      (await model.requests(`helper:${key}`)).map(({ body, state }) => ({ state, ...sentSchema.parse(body) }))
    return { answer, requests, key: `helper:${key}`, entries: () => listEntries(key) }
  }

  it('returns what fits the schema, and who wrote it', async () => {
    const { answer, requests, entries } = await ask([say('{"title":"Balances"}')])
    expect(await answer).toEqual({ value: { title: 'Balances' }, model: 'scripted/helper' })
    const [sent, ...more] = await requests()
    expect(more).toEqual([])
    expect(sent).toMatchObject({ max_tokens: 100, state: 'completed' })
    expect(sent?.messages[0]?.content).toMatch(/^Write a title\.[^]*"maxLength":80/)
    expect(sent?.reasoning_effort).toBeUndefined()
    expect(await entries()).toMatchObject([{ kind: 'title', model: 'scripted/helper', estimated: false }])
  })

  it('behavior: reads an answer in a code fence', async () => {
    const { answer } = await ask([say('Here it is:\n```json\n{"title":"Balances"}\n```')])
    expect((await answer).value).toEqual({ title: 'Balances' })
  })

  it('behavior: a model that reasons is to do so as little as it can, and has room for it', async () => {
    const { answer, requests } = await ask([say('{"title":"Balances"}')], { efforts: true })
    await answer
    expect(await requests()).toMatchObject([{ reasoning_effort: 'low', max_tokens: 4_100 }])
  })

  it.each([
    ['no JSON', 'A fine title'],
    ['another form', '{"name":"Balances"}'],
    ['nothing', ''],
  ])('behavior: %s is told and asked for once more', async (_, wrong) => {
    const { answer, requests } = await ask([say(wrong), say('{"title":"Balances"}')])
    expect((await answer).value).toEqual({ title: 'Balances' })
    const [, second] = await requests()
    expect(second?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  })

  it('error: what never fits is model_garbage after two tries', async () => {
    const { answer, requests, entries } = await ask([{ ...say('no'), repeat: true }])
    await expect(answer).rejects.toMatchObject({ code: 'model_garbage' })
    expect(await requests()).toHaveLength(2)
    const ids = (await entries()).map(({ id }) => String(id).slice(-5))
    expect(ids).toEqual([expect.stringMatching(/\.a1$/), '.a1.2'])
  })

  it('error: a service that fails is the caller’s to try again', async () => {
    const { answer, requests } = await ask([{ status: 503 }])
    await expect(answer).rejects.toMatchObject({ code: 'model_unavailable' })
    expect(await requests()).toHaveLength(1)
  })

  it('error: the signal ends it at once, and its request', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped by a person')
    const silent: ScriptedReply = { parts: [{ type: 'gate', name: 'never-opened' }] }
    const { answer, key, entries } = await ask([silent], { signal: stop.signal })
    const stopping = model.until(key, 1, 'arrived').then(() => stop.abort(reason))
    await expect(answer).rejects.toBe(reason)
    await stopping
    await model.until(key, 1, 'closed')
    expect(await entries()).toMatchObject([{ estimated: true }])
  })

  it('behavior: asks once where one try is all there is', async () => {
    const { answer, requests } = await ask([say('Balances'), say('{"title":"Balances"}')], { tries: 1 })
    await expect(answer).rejects.toMatchObject({ code: 'model_garbage' })
    expect(await requests()).toHaveLength(1)
  })

  it('error: without a helper nobody is asked', async () => {
    const registry = createModelRegistry([scriptedConfig(model.baseUrl)], { defaultModel: 'demo' })
    const question = {
      key: { id: 'x', kind: 'title' as const, owner: 'o_1', conversationId: 'c_1' },
      system: '',
      text: 'Hello',
      schema: titleSchema,
      maxOutputTokens: 1,
      tries: 2 as const,
      signal: new AbortController().signal,
    }
    await expect(
      askHelper(question, { models: registry, database, budgets, modelSlots, externals }),
    ).rejects.toMatchObject({
      code: 'model_unavailable',
    })
  })

  it('behavior: the demo model gives a title and a summary of what it is asked about', async () => {
    const registry = createModelRegistry([scriptedConfig(model.baseUrl)], {
      defaultModel: 'demo',
      helperModel: 'demo',
    })
    const { id: conversationId, owner } = await store.createConversation()
    const { value } = await askHelper(
      {
        key: { id: 'demo', kind: 'summary', owner, conversationId },
        system: 'Sum it up.',
        text: '# So far\n\nUser: What do they hold?\n\nAssistant: Nothing.',
        schema: z.strictObject({ title: z.string().max(40), summary: z.string(), open: z.array(z.string()) }),
        maxOutputTokens: 1_000,
        tries: 2,
        signal: new AbortController().signal,
      },
      { models: registry, database, budgets, modelSlots, externals },
    )
    expect(value).toEqual({
      title: 'What do they hold?',
      summary: 'What do they hold? Nothing.',
      open: [],
    })
  })
})
