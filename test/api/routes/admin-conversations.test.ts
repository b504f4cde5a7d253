import { expect, test } from 'vitest'

import { useCheckedProduct } from '../checked-product.ts'

const adminKey = 'operator-key-of-16+'
const product = useCheckedProduct({ workers: 0, env: { PERDURA_ADMIN_KEY: adminKey } })
const path = '/api/admin/conversations'

test('the operator sees what waits, and what is stalled', async () => {
  for (const state of ['waiting', 'stalled']) {
    const answer = await product().call('GET', `${path}?state=${state}`, { token: adminKey })
    expect([answer.status, answer.body]).toEqual([200, { conversations: [], nextCursor: null }])
  }
})

test('behavior: an owner asks for the own ones, by the same word', async () => {
  const { client } = await product().guest()
  await client.createConversation()
  expect((await client.listConversations({ state: 'waiting' })).conversations).toEqual([])
})

test('error: nobody else is let in, whatever token they have', async () => {
  const { token } = await product().guest()
  for (const given of [token, `${adminKey}x`, adminKey.slice(1), '']) {
    const answer = await product().call('GET', `${path}?state=waiting`, { token: given })
    expect([answer.status, answer.body]).toMatchObject([401, { code: 'unauthorized' }])
  }
  expect((await product().call('GET', '/api/conversations', { token: adminKey })).status).toBe(401)
})

test('error: an unknown state, a cursor that is none, and both ways of looking at once are refused', async () => {
  const { token } = await product().guest()
  const wrong = [
    [`${path}?state=idle`, adminKey],
    [path, adminKey],
    [`${path}?state=waiting&cursor=x`, adminKey],
    ['/api/conversations?state=waiting&q=words', token],
  ]
  for (const [wanted = '', key = ''] of wrong)
    expect([wanted, (await product().call('GET', wanted, { token: key })).status]).toEqual([wanted, 422])
})
