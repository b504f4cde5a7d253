import { expect, test, vi } from 'vitest'

import { toBulkyOutput } from '../../fixtures/bulky-output.ts'
import { callsOf, startTalk, textOf } from '../../support/talk.ts'
import { useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

const product = useCheckedProduct()

vi.setConfig({ testTimeout: 60_000 })

const sizeBytes = 1_000_000

/** A conversation with one large and one small result. */
async function talk(key: string) {
  const guest = await product().guest()
  const { id, turnId, following } = await startTalk(product(), guest.client, key, [
    callsOf({ name: 'bulky', arguments: { mark: key, sizeBytes } }, { name: 'time_now', arguments: {} }),
    textOf('Done.'),
  ])
  await following.untilTurns(1)
  following.close()
  const path = `/api/conversations/${id}/results`
  const get = (rest: string, token = guest.token) => product().call('GET', `${path}/${rest}`, { token })
  return { id, large: `${turnId}.r0.c0`, small: `${turnId}.r0.c1`, get, token: guest.token, path }
}

test('a large result is read by parts, and downloaded whole', async () => {
  const { large, get, token, path } = await talk('parts')
  const whole = JSON.stringify(toBulkyOutput('parts', sizeBytes))
  expect((await get(large)).body).toEqual({
    text: whole.slice(0, 65_536),
    offset: 0,
    nextOffset: 65_536,
    totalChars: sizeBytes,
  })
  expect((await get(`${large}?offset=999990&limit=100`)).body).toEqual({
    text: whole.slice(-10),
    offset: 999_990,
    nextOffset: null,
    totalChars: sizeBytes,
  })
  const answer = await product().contract.fetch(`${product().url}${path}/${large}/whole`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(answer.headers.get('content-length')).toBe(String(sizeBytes))
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="result.json"')
  expect(await answer.text()).toBe(whole)
})

test('a small result is read the same way', async () => {
  const { small, get } = await talk('small')
  const { text } = (await get(small)).body as { text: string }
  expect(JSON.parse(text)).toMatchObject({ weekday: expect.any(String) })
  expect((await get(`${small}/whole`)).text).toBe(text)
})

test('error: another owner, another conversation, no such call', async () => {
  const mine = await talk('mine')
  const other = await talk('other')
  const unknown = { status: 404, body: { code: 'result_unknown' } }
  expect(await mine.get(mine.large, other.token)).toMatchObject(unknown)
  expect(await mine.get(`${mine.large}/whole`, other.token)).toMatchObject(unknown)
  expect(await mine.get(other.large)).toMatchObject(unknown)
  expect(await mine.get('nothing')).toMatchObject(unknown)
})

test('error: a result that was removed says so', async () => {
  const { large, get } = await talk('removed')
  await withDatabase(product().databaseUrl, (database) =>
    database.query(`select remove_large_results(now() + interval '1 day', 100)`),
  )
  const body = { code: 'result_unknown', detail: expect.stringContaining('It was removed on') }
  expect(await get(large)).toMatchObject({ status: 404, body })
  expect(await get(`${large}/whole`)).toMatchObject({ status: 404, body })
})

test.each(['offset=-1', 'offset=x', 'limit=0', 'limit=262145', 'limit=1.5'])(
  'error: %s is refused with what to write',
  async (query) => {
    const guest = await product().guest()
    const { id } = await guest.client.createConversation()
    const answer = await product().call('GET', `/api/conversations/${id}/results/x?${query}`, {
      token: guest.token,
    })
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
  },
)
