import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

import { Hono } from 'hono'
import { beforeAll, expect, test } from 'vitest'

import type { ApiEnv } from '../../src/api/api-env.ts'
import { readOutRefused } from '../../src/api/read-out-refused.ts'
import { importSizeLimitBytes } from '../../src/contracts/limits.ts'

import { useCheckedProduct } from './checked-product.ts'

const product = useCheckedProduct({ workers: 0 })

let token = ''
let conversation = ''
beforeAll(async () => {
  const guest = await product().guest()
  token = guest.token
  conversation = `/api/conversations/${(await guest.client.createConversation()).id}`
})

/** Sends what fetch would not: a Host header of one's own, and a body without a length. */
async function sendRaw(
  path: string,
  { headers = {}, body = [], method = 'GET' }: { headers?: object; body?: string[]; method?: string },
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const sent = request(`${product().url}${path}`, { method, headers: { ...headers } }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  sent.on('error', reject)
  for (const chunk of body) sent.write(chunk)
  sent.end()
  return promise
}

test('default: every answer has an id and headers that keep browsers careful', async () => {
  const paths = ['/healthz', '/docs', '/openapi.json', '/api/models', '/nothing', conversation]
  for (const path of paths) {
    const { headers } = await product().call('GET', path, { token })
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-powered-by')).toBeNull()
  }
})

test.for(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST', 'localhost:4040', '127.0.0.1:1'])(
  'behavior: the host %s is served',
  async (host) => {
    expect(await sendRaw('/healthz', { headers: { host } })).toMatchObject({ status: 200 })
  },
)

test.for([
  'evil.example',
  'localhost.evil.example',
  'evil.example:4040',
  '127.0.0.1.evil.example',
  '0.0.0.0',
])('error: the host %s is refused with 421, as DNS rebinding would name it', async (host) => {
  for (const path of ['/healthz', '/api/models', '/openapi.json', '/docs', '/']) {
    const { status, text } = await sendRaw(path, { headers: { host } })
    expect([path, status]).toEqual([path, 421])
    expect(JSON.parse(text)).toMatchObject({ code: 'host_not_allowed' })
  }
})

test('error: a body of more than 1 MB is refused with 413, said or not', async () => {
  const body = JSON.stringify({ title: 'x'.repeat(1_000_000) })
  expect(await product().call('POST', '/api/conversations', { token, rawBody: body })).toMatchObject({
    status: 413,
    body: { code: 'payload_too_large' },
  })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const chunked = await sendRaw('/api/conversations', { method: 'POST', headers, body: [body, ' '] })
  expect(chunked.status).toBe(413)
})

test('behavior: a client that was refused with a large body can go on at once', async () => {
  const rawBody = JSON.stringify({ title: 'x'.repeat(900_000) })
  const options = { token, rawBody, headers: { 'content-type': 'text/plain' } }
  for (let repeat = 0; repeat < 5; repeat++) {
    expect((await product().call('POST', '/api/conversations', options)).status).toBe(415)
    expect((await product().call('POST', '/api/conversations', { rawBody })).status).toBe(401)
    expect((await product().call('POST', '/api/conversations', { token, body: {} })).status).toBe(201)
  }
})

test('behavior: a large body that is refused is read to its end before the answer', async () => {
  const size = importSizeLimitBytes + 1
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': size,
  }
  const sent = request(`${product().url}/api/conversations/import`, { method: 'POST', headers })
  let isAnswered = false
  const answer = once(sent, 'response').then(([response]: IncomingMessage[]) => {
    isAnswered = true
    return response?.statusCode
  })
  // A write calls back when its bytes were handed on: more than the buffers of both sides hold were read.
  await new Promise((resolve) => sent.write('x'.repeat(size - 1), resolve))
  expect(isAnswered).toBe(false)
  sent.end('x')
  expect(await answer).toBe(413)
})

test('behavior: a body that is much too large is cut off, with an answer', async () => {
  const app = new Hono<ApiEnv>().use(readOutRefused({ bytes: 10, timeMs: 60_000 }))
  expect(await refuse(app, 11)).toEqual([404, 'close'])
  expect(await refuse(app, 10)).toEqual([404, null])
})

test('behavior: a body that never ends is cut off, with an answer', async () => {
  const app = new Hono<ApiEnv>().use(readOutRefused({ bytes: 10, timeMs: 1 }))
  expect(await refuse(app, 1, false)).toEqual([404, 'close'])
})

/** The status and the `connection` header with which a body of so many bytes is refused. */
async function refuse(app: Hono<ApiEnv>, bytes: number, doesEnd = true) {
  const body = new ReadableStream({
    start(controller) {
      for (let byte = 0; byte < bytes; byte++) controller.enqueue(new Uint8Array(1))
      if (doesEnd) controller.close()
    },
  })
  const headers = { 'transfer-encoding': 'chunked' }
  const answer = await app.request('/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit, {
    incoming: { readableEnded: false },
  })
  return [answer.status, answer.headers.get('connection')]
}

test('behavior: a body of 1 MB is read', async () => {
  const rawBody = JSON.stringify({ title: 'x' }).padEnd(1_000_000)
  expect((await product().call('POST', '/api/conversations', { token, rawBody })).status).toBe(201)
})

test.for(['{', '', '{"title": "a"} b', 'null', '[]', '"text"', '1'])(
  'error: the body %s is refused and the conversation is not made',
  async (rawBody) => {
    const answer = await product().call('POST', '/api/conversations', { token, rawBody })
    const isJson = ['null', '[]', '"text"', '1'].includes(rawBody)
    expect([answer.status, answer.body]).toMatchObject(
      isJson ? [422, { code: 'invalid_request' }] : [400, { code: 'invalid_json' }],
    )
  },
)

test.for([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/json-patch+json',
  'application/xml',
  'application/json ;charset=utf-8',
])('error: a body of the type %s is refused with 415', async (type) => {
  for (const path of ['/api/conversations', `${conversation}/messages`, `${conversation}/cancel`]) {
    const options = { token, rawBody: '{"text":"Hello"}', headers: { 'content-type': type } }
    const answer = await product().call('POST', path, options)
    expect([path, answer.status, answer.body]).toMatchObject([path, 415, { code: 'unsupported_media_type' }])
  }
})

test.for(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON'])(
  'behavior: a body of the type %s is read',
  async (type) => {
    const options = { token, body: { title: 'Read' }, headers: { 'content-type': type } }
    const answer = await product().call('POST', '/api/conversations', options)
    expect(answer).toMatchObject({ status: 201, body: { title: 'Read' } })
  },
)

test.for([
  ['GET', '/nothing'],
  ['GET', '/api/nothing'],
  ['PUT', '/api/conversations'],
  ['PATCH', '/api/models'],
  ['DELETE', '/api/events'],
  ['GET', '/api/auth/guest'],
  ['GET', '/api/conversations/'],
  ['GET', '//api/models'],
] as const)('error: %s %s is answered with a problem document', async ([method, path]) => {
  const answer = await product().call(method, path, { token })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', status: 404 } })
})

test('behavior: a post without a body and without a type is one with nothing in it', async () => {
  expect((await product().call('POST', '/api/conversations', { token })).status).toBe(201)
  expect((await product().call('POST', `${conversation}/cancel`, { token })).status).toBe(202)
  const message = await product().call('POST', `${conversation}/messages`, { token })
  expect(message).toMatchObject({ status: 422, body: { errors: [{ path: 'text' }] } })
})
