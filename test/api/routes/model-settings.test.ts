import { expect, test } from 'vitest'

import { follow, ofType } from '../../support/follow.ts'
import { useCheckedProduct } from '../checked-product.ts'

const product = useCheckedProduct({
  workers: 0,
  env: {
    PERDURA_PROVIDERS: 'openai,lab=http://127.0.0.1:9/v1',
    OPENAI_MODELS: 'gpt-5-mini',
    PERDURA_MODEL: 'openai/gpt-5-mini',
    LAB_MODELS: 'plain,other',
    LAB_TEMPERATURE: '0-1',
    PERDURA_FALLBACK_MODELS: 'lab/plain',
  },
})

async function open(fields: object = {}) {
  const { token, client } = await product().guest()
  const { id } = await client.createConversation(fields)
  const patch = (body: object) => product().call('PATCH', `/api/conversations/${id}`, { token, body })
  return { id, token, client, patch }
}

test('default: the models say what they take, and the deployment which ones go on', async () => {
  const { token } = await product().guest()
  const { body } = await product().call('GET', '/api/models', { token })
  expect(body).toMatchObject({
    models: [
      {
        id: 'openai/gpt-5-mini',
        settings: { reasoningEfforts: ['minimal', 'low', 'medium', 'high'], maxOutputTokens: 128_000 },
      },
      { id: 'lab/plain', settings: { temperature: { min: 0, max: 1 } } },
      { id: 'lab/other', settings: { temperature: { min: 0, max: 1 } } },
    ],
    fallbackModels: ['lab/plain'],
  })
})

test('default: a conversation begins with settings, and with fallbacks by their whole ids', async () => {
  const { client, id } = await open({
    modelSettings: { reasoningEffort: 'low', maxOutputTokens: 1_000 },
    fallbackModels: ['other', 'lab/plain'],
  })
  const { conversation } = await client.getConversation(id)
  expect(conversation).toMatchObject({
    modelSettings: { reasoningEffort: 'low', maxOutputTokens: 1_000 },
    fallbackModels: ['lab/other', 'lab/plain'],
  })
})

test('default: each change is told with what it is now, and null is the deployment’s again', async () => {
  const { client, id, patch } = await open()
  const following = follow(client, id)
  const changes = [
    { modelSettings: { reasoningEffort: 'high' } },
    { fallbackModels: ['plain'], instructions: 'Be brief.', tools: ['time_now'] },
    { fallbackModels: null, instructions: null, tools: null },
    { model: 'lab/other', modelSettings: { temperature: 1 }, history: { kind: 'full' } },
  ]
  for (const change of changes) expect((await patch(change)).status).toBe(200)
  await following.until((event) => event.type === 'conversation.updated' && event.model === 'lab/other')
  following.close()
  expect(ofType(following.events, 'conversation.updated')).toMatchObject([
    changes[0] ?? {},
    { ...changes[1], fallbackModels: ['lab/plain'] },
    changes[2] ?? {},
    changes[3] ?? {},
  ])
  const { conversation } = await client.getConversation(id)
  expect(conversation).toMatchObject({ model: 'lab/other', modelSettings: { temperature: 1 } })
  for (const field of ['fallbackModels', 'instructions', 'tools'])
    expect(conversation).not.toHaveProperty(field)
})

test('error: a setting that the model does not take is refused with what it offers', async () => {
  const { token, patch } = await open()
  const body = { modelSettings: { temperature: 0.5 } }
  const refusal = {
    status: 422,
    body: {
      code: 'unsupported_setting',
      model: 'openai/gpt-5-mini',
      errors: [{ path: 'modelSettings.temperature' }],
      offered: { reasoningEfforts: ['minimal', 'low', 'medium', 'high'], maxOutputTokens: 128_000 },
    },
  }
  expect(await product().call('POST', '/api/conversations', { token, body })).toMatchObject(refusal)
  expect(await patch(body)).toMatchObject(refusal)
  expect(await patch({ modelSettings: { maxOutputTokens: 200_000 } })).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'modelSettings.maxOutputTokens' }] },
  })
})

test('error: a change to a model that does not take the settings there are is refused as a whole', async () => {
  const { client, id, patch } = await open({ modelSettings: { reasoningEffort: 'high' } })
  const refused = await patch({ model: 'lab/plain', title: 'Changed' })
  expect(refused).toMatchObject({
    status: 422,
    body: { code: 'unsupported_setting', errors: [{ path: 'modelSettings.reasoningEffort' }] },
  })
  const { conversation } = await client.getConversation(id)
  expect(conversation).toMatchObject({ model: 'openai/gpt-5-mini', title: 'New conversation' })
  expect((await patch({ model: 'lab/plain', modelSettings: {} })).status).toBe(200)
})

test('error: fallbacks that are not offered, and settings that there are not', async () => {
  const { patch } = await open()
  expect(await patch({ fallbackModels: ['lab/nobody'] })).toMatchObject({
    status: 422,
    body: { code: 'unknown_model' },
  })
  for (const modelSettings of [{ heat: 1 }, { temperature: 3 }, { maxOutputTokens: 0 }, null]) {
    expect(await patch({ modelSettings })).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  }
})
