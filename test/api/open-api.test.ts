import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'

import { errorStatus } from '../../src/contracts/errors.ts'
import { useCheckedProduct } from './checked-product.ts'
import { follow } from '../support/follow.ts'

const product = useCheckedProduct()

test('default: the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(product().contract.document)))
  expect(errors ?? []).toEqual([])
  expect([valid, validator.version]).toEqual([true, '3.1'])
})

test('default: every pattern works where schemas are read as Unicode', () => {
  const text = JSON.stringify(product().contract.document)
  const patterns = [...text.matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)].map(([, found]) =>
    String(JSON.parse(`"${found}"`)),
  )
  expect(patterns.length).toBeGreaterThan(0)
  for (const pattern of patterns) expect(() => new RegExp(pattern, 'u')).not.toThrow()
})

/** What the document has to say of who may ask. */
function securityOf(path: string) {
  if (path.startsWith('/api/admin/')) return [{ adminKey: [] }]
  return path.startsWith('/api/') && path !== '/api/auth/guest' ? [{ bearer: [] }] : undefined
}

test('behavior: every operation says what it does, and whether it needs a token', () => {
  for (const { path, summary, security, responses } of product().contract.operations) {
    expect(summary).toMatch(/\w/)
    expect(security).toEqual(securityOf(path))
    expect(Object.keys(responses)).toContain('default')
  }
})

test('behavior: every code that a problem can have has a page', async () => {
  const pages = await readdir(join(import.meta.dirname, '..', '..', 'docs', 'errors'))
  expect(pages).toEqual(expect.arrayContaining(Object.keys(errorStatus).map((code) => `${code}.md`)))
})

test('behavior: a whole turn, read in every form, keeps to the document', async () => {
  const { model } = product()
  const time = { name: 'time_now', arguments: {} }
  await model.script('turn', [
    {
      parts: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'toolCalls', calls: [time, { name: 'none', arguments: '{' }] },
      ],
    },
    { parts: [{ type: 'text', text: 'It is late.' }] },
  ])
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'What time is it? [script:turn]', clientMessageId: 'one' })
  await following.untilTurns(1)
  following.close()
  const types = new Set(following.events.map(({ type }) => type))
  expect(types.size).toBeGreaterThan(9)
  for (const path of ['', '/events?after=0', '/progress']) {
    const headers = { accept: 'application/json' }
    expect((await product().call('GET', `/api/conversations/${id}${path}`, { token, headers })).status).toBe(
      200,
    )
  }
})
