import { expect, test } from 'vitest'

import { useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

const product = useCheckedProduct({ workers: 0, env: { PERDURA_GUEST_LOGINS_PER_MINUTE: '5' } })

test('default: a guest gets a token that acts for a new owner', async () => {
  const { token, ownerId } = await product().guest()
  const me = await product().call('GET', '/api/auth/me', { token })
  expect(me).toMatchObject({ status: 200, body: { id: ownerId, kind: 'guest' } })
  const stored = await withDatabase(product().databaseUrl, (database) =>
    database.query<{ text: string }>(`select login_tokens::text as text from login_tokens`),
  )
  expect(JSON.stringify(stored.rows)).not.toContain(token)
})

test('default: after logout the token is worth nothing', async () => {
  const { token } = await product().guest()
  expect((await product().call('POST', '/api/auth/logout', { token })).status).toBe(204)
  expect((await product().call('GET', '/api/auth/me', { token })).status).toBe(401)
})

test('error: too many guests of one address are refused with 429, others are served', async () => {
  const answers = []
  for (let index = 0; index < 6; index++) answers.push(await product().call('POST', '/api/auth/guest'))
  const refused = answers.at(-1)
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } })
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  const { token } = { token: tokenOf(answers) }
  expect((await product().call('GET', '/api/auth/me', { token })).status).toBe(200)
})

function tokenOf(answers: readonly { body: unknown }[]): string {
  const [first] = answers
  const body = first?.body
  if (typeof body === 'object' && body !== null && 'token' in body) return String(body.token)
  throw new Error('The first guest got no token.')
}
