import { describe, expect, test } from 'vitest'

import { useCheckedProduct } from '../checked-product.ts'

describe('/api/memory', { timeout: 60_000 }, () => {
  const product = useCheckedProduct({ workers: 0 })

  test('default: an owner has none, and conversations take no part', async () => {
    const { token, client } = await product().guest()
    expect(await product().call('GET', '/api/memory', { token })).toMatchObject({
      status: 200,
      body: { enabled: false, entries: [] },
    })
    expect(await client.createConversation()).toMatchObject({ memory: false })
  })

  test('behavior: switched on, new conversations take part unless they say otherwise', async () => {
    const { token, client } = await product().guest()
    const before = await client.createConversation()
    const patched = await product().call('PATCH', '/api/memory', { token, body: { enabled: true } })
    expect(patched).toMatchObject({ status: 200, body: { enabled: true } })
    expect(await client.createConversation()).toMatchObject({ memory: true })
    expect(await client.createConversation({ memory: false })).toMatchObject({ memory: false })
    expect((await client.getConversation(before.id)).conversation.memory).toBe(false)
    await product().call('PATCH', '/api/memory', { token, body: {} })
    expect(await client.createConversation()).toMatchObject({ memory: true })
  })

  test('behavior: entries are written, read and deleted, one or all', async () => {
    const { token, client } = await product().guest()
    const [one, two] = [
      await client.createConversation({ title: 'One', memory: true }),
      await client.createConversation({ title: 'Two', memory: true }),
    ]
    for (const { id } of [one, two]) {
      const body = { text: `About ${id}` }
      expect(await product().call('PATCH', `/api/memory/${id}`, { token, body })).toMatchObject({
        status: 204,
      })
    }
    expect(await product().call('GET', '/api/memory', { token })).toMatchObject({
      body: {
        entries: [
          { conversationId: two.id, title: 'Two', text: `About ${two.id}`, edited: true },
          { conversationId: one.id, title: 'One', text: `About ${one.id}`, edited: true },
        ],
      },
    })
    expect(await product().call('DELETE', `/api/memory/${two.id}`, { token })).toMatchObject({ status: 204 })
    const left = await product().call('GET', '/api/memory', { token })
    expect(left.body).toMatchObject({ entries: [{ conversationId: one.id }] })
    expect(await product().call('DELETE', '/api/memory', { token })).toMatchObject({ status: 204 })
    expect(await product().call('GET', '/api/memory', { token })).toMatchObject({ body: { entries: [] } })
  })

  test("error: somebody else's conversation, one that takes no part, a blank text", async () => {
    const [mine, other] = [await product().guest(), await product().guest()]
    const { id } = await other.client.createConversation({ memory: true })
    const off = await mine.client.createConversation()
    const { token } = mine
    for (const path of [`/api/memory/${id}`, `/api/memory/${off.id}`, '/api/memory/c_none']) {
      expect(await product().call('PATCH', path, { token, body: { text: 'x' } })).toMatchObject({
        status: 404,
      })
      expect(await product().call('DELETE', path, { token })).toMatchObject({ status: 404 })
    }
    const blank = { token: other.token, body: { text: ' ' } }
    expect(await product().call('PATCH', `/api/memory/${id}`, blank)).toMatchObject({ status: 422 })
    expect(await product().call('PATCH', '/api/memory', { token, body: { on: true } })).toMatchObject({
      status: 422,
    })
    expect(await product().call('GET', '/api/memory')).toMatchObject({ status: 401 })
  })
})
