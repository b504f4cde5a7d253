import { expect, test } from 'vitest'

import { type CheckedProduct, useCheckedProduct } from '../checked-product.ts'

const product = useCheckedProduct({
  workers: 0,
  env: {
    PERDURA_PROVIDERS: 'openai,other=http://127.0.0.1:9/v1',
    OTHER_MODELS: 'small:32768,large',
    PERDURA_MODEL: 'openai/scripted',
  },
})
const withoutChains = useCheckedProduct({
  workers: 0,
  env: { PERDURA_CHAINS: '', PERDURA_NAMED_ACCOUNTS: '', PERDURA_TOKENS: '' },
})

async function list(of: CheckedProduct, name: string): Promise<unknown> {
  return (await of.call('GET', `/api/${name}`, { token: (await of.guest()).token })).body
}

test('default: models are listed with their limits, the default one marked', async () => {
  const { client } = await product().guest()
  const { models } = await client.listModels()
  expect(models.filter((model) => model.default).map(({ id }) => id)).toEqual(['openai/scripted'])
  expect(models).toContainEqual({
    id: 'other/small',
    provider: 'other',
    model: 'small',
    contextLimitTokens: 32_768,
    settings: { temperature: { min: 0, max: 2 } },
    default: false,
  })
  expect(models.map(({ id }) => id)).toContain('other/large')
  expect(JSON.stringify(models)).not.toMatch(/sk-test-key|127\.0\.0\.1/)
})

test('default: tools are listed with their steps, those of the operator too', async () => {
  const { client } = await product().guest()
  const { tools } = await client.listTools()
  // One of the operator's asks a service that is configured elsewhere.
  expect(tools.filter(({ available }) => !available).map(({ name }) => name)).toEqual(['quote'])
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['account_info', 'contract_read', 'gated_steps', 'time_now', 'token_balances']),
  )
  expect(tools.find(({ name }) => name === 'simulate_deployment')).toMatchObject({
    effect: 'compute',
    steps: ['compile', 'simulate', 'report'],
  })
})

test('default: chains are listed by id, without their addresses', async () => {
  expect(await list(product(), 'chains')).toEqual({
    chains: [{ chainId: 31337, name: expect.any(String), local: true, ok: true }],
  })
})

test('behavior: a tool whose service is not configured is absent, with the reason', async () => {
  const { client } = await withoutChains().guest()
  const { tools } = await client.listTools()
  const ofChains = ['account_info', 'chain_context', 'contract_read', 'simulate_deployment', 'token_balances']
  const absent = tools.filter(({ available }) => !available)
  expect(new Map(absent.map(({ name, reason }) => [name, reason]))).toEqual(
    new Map([
      ...ofChains.map((name) => [name, 'This deployment has no chain.'] as const),
      ['quote', 'This deployment has no http:prices.'],
    ]),
  )
  expect(tools.find(({ name }) => name === 'time_now')).toMatchObject({ available: true })
  expect(await list(withoutChains(), 'chains')).toEqual({ chains: [] })
})

test('error: a conversation cannot be restricted to an absent tool or chain', async () => {
  const { token } = await withoutChains().guest()
  const create = (body: object) => withoutChains().call('POST', '/api/conversations', { token, body })
  expect(await create({ tools: ['account_info'] })).toMatchObject({
    status: 422,
    body: { code: 'unknown_tool' },
  })
  expect(await create({ chainId: 31337 })).toMatchObject({ status: 422, body: { code: 'unknown_chain' } })
})
