import { expect, test } from 'vitest'

import { loadConfig } from '../../src/ops/config.ts'
import { createHttpPorts, readHttpServices } from '../../src/services/http-services.ts'
import { ownCaller } from '../../src/services/service-caller.ts'
import { type AskedRequest, serveCounted } from '../support/counted-service.ts'
import { openServices } from '../support/unshared-services.ts'

const { signal } = new AbortController()
const bounds = { timeoutMs: 5_000, responseSizeLimitBytes: 1_000 }

type Answer = Parameters<typeof serveCounted>[0]

/** A service that answers so, its port, and what it was asked. */
async function serve(
  answer: Answer = (response) => response.end('fine'),
  limits: Partial<typeof bounds> = {},
) {
  const asked: AskedRequest[] = []
  const service = await serveCounted((response, number, request) => {
    asked.push(request)
    answer(response, number, request)
  })
  const config = { name: 'prices', url: `${service.url}/v3`, headers: { 'x-api-key': 'the-key' } }
  const find = createHttpPorts([config], openServices(), { ...bounds, ...limits })
  return { asked, port: find('prices', ownCaller) }
}

test('asks below the URL of the service, with the headers of the operator', async () => {
  const { asked, port } = await serve((response) =>
    response.setHeader('content-type', 'text/plain').end('fine'),
  )
  const query = { in: 'usd', depth: 2, 'a&b': true }
  const headers = { Accept: 'text/plain', 'X-Api-Key': 'of the tool' }
  expect(await port.request({ path: '/quotes/a%20b?x=1', query, headers }, { signal })).toEqual({
    status: 200,
    contentType: 'text/plain',
    text: 'fine',
  })
  const body = '{"symbol":"ETH"}'
  await port.request({ method: 'POST', path: '/quotes', body }, { signal })
  expect(asked).toMatchObject([
    {
      method: 'GET',
      path: '/v3/quotes/a%20b?x=1&in=usd&depth=2&a%26b=true',
      headers: { accept: 'text/plain', 'x-api-key': 'the-key' },
    },
    { method: 'POST', path: '/v3/quotes', body },
  ])
})

test.each([
  'quotes',
  '',
  '/../admin',
  '/a/../../admin',
  '/%2e%2e/admin',
  '/..%2fadmin',
  '/..\\admin',
  '/a%\t2f..%\t2fadmin',
  '/..;/admin',
  '/a\nb',
  '@evil.example/x',
  '//../..//evil.example',
  '.evil.example/',
])('error: the path %j does not lead anywhere else', async (path) => {
  const { asked, port } = await serve()
  await expect(port.request({ path }, { signal })).rejects.toMatchObject({ code: 'tool_failed' })
  expect(asked).toEqual([])
})

test.each(['Host', 'Content-Length', 'Proxy-Authorization', 'x y'])(
  'error: a tool cannot send the header %s',
  async (name) => {
    const { asked, port } = await serve()
    const asking = port.request({ path: '/', headers: { [name]: 'x' } }, { signal })
    await expect(asking).rejects.toMatchObject({ code: 'tool_failed' })
    expect(asked).toEqual([])
  },
)

test.each([
  { path: '/', body: 'of a GET' },
  { path: '/', headers: { 'x-price': '1 €\nx: y' } },
])('error: what cannot be sent is a fault of the tool', async (request) => {
  const { asked, port } = await serve()
  await expect(port.request(request, { signal })).rejects.toMatchObject({ code: 'tool_failed' })
  expect(asked).toEqual([])
})

test('a refusal of the request is an answer', async () => {
  const { asked, port } = await serve((response) => response.writeHead(404).end('no such thing'))
  expect(await port.request({ path: '/x' }, { signal })).toMatchObject({ status: 404, text: 'no such thing' })
  expect(asked).toHaveLength(1)
})

test('behavior: what may be repeated is tried three times, what may not once', async () => {
  const { asked, port } = await serve((response) => response.writeHead(500).end())
  const failed = { code: 'service_unavailable', message: 'The service prices fails (HTTP 500).' }
  await expect(port.request({ path: '/x' }, { signal })).rejects.toMatchObject({
    ...failed,
    details: { tries: 3 },
  })
  expect(asked).toHaveLength(3)
  const post = { method: 'POST', path: '/x' } as const
  await expect(port.request(post, { signal })).rejects.toMatchObject({ ...failed, details: { tries: 1 } })
  expect(asked).toHaveLength(4)
  const repeatable = { ...post, isRepeatable: true }
  await expect(port.request(repeatable, { signal })).rejects.toMatchObject({ details: { tries: 3 } })
  expect(asked).toHaveLength(7)
})

test('behavior: after 429 it waits, and repeats also what may not be sent twice', async () => {
  const { asked, port } = await serve((response, number) => {
    if (number === 1) response.writeHead(429, { 'retry-after-ms': '20' }).end()
    else response.end('taken')
  })
  expect(await port.request({ method: 'POST', path: '/x' }, { signal })).toMatchObject({ text: 'taken' })
  expect(asked).toHaveLength(2)
})

test('behavior: after 503 what may not be sent twice is not', async () => {
  const { asked, port } = await serve((response) => response.writeHead(503, { 'retry-after': '1' }).end())
  const asking = port.request({ method: 'POST', path: '/x' }, { signal })
  await expect(asking).rejects.toMatchObject({ code: 'service_unavailable', details: { tries: 1 } })
  expect(asked).toHaveLength(1)
})

test.each<[string, Answer, string]>([
  [
    'a redirect',
    (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'tool_failed',
  ],
  ['an answer that is too large', (response) => response.end('x'.repeat(1_001)), 'tool_failed'],
  ['a cut answer', (response) => void response.write('x', () => response.destroy()), 'service_unavailable'],
  ['silence', () => {}, 'service_unavailable'],
])('error: %s is named, without the address', async (_, answer, code) => {
  const { port } = await serve(answer, { timeoutMs: 200 })
  const error: unknown = await port
    .request({ path: '/secret' }, { signal })
    .catch((failure: unknown) => failure)
  expect(error).toMatchObject({ code, message: expect.stringContaining('The service prices') })
  expect(JSON.stringify({ error, message: String(error) })).not.toMatch(/secret|127\.0\.0\.1|the-key/)
})

test('behavior: whoever waits for it can leave', async () => {
  const controller = new AbortController()
  const { port } = await serve(() => controller.abort(new Error('Stopped.')))
  await expect(port.request({ path: '/x' }, { signal: controller.signal })).rejects.toThrow('Stopped.')
})

test('error: an unknown service is told, with those there are', () => {
  const find = createHttpPorts([{ name: 'prices', url: 'https://a.example', headers: {} }], openServices())
  expect(() => find('price', ownCaller)).toThrow('There is no service price. Configured: prices.')
})

const read = (PERDURA_SERVICES: string, PERDURA_SERVICE_HEADERS = '') => {
  const { http, headers } = loadConfig({ PERDURA_SERVICES, PERDURA_SERVICE_HEADERS }).services
  return readHttpServices(http, headers)
}

test('reads services and their headers', () => {
  const services = 'prices=https://api.example.com/v3/; local=http://localhost:1 '
  expect(read(services, 'prices=X-Api-Key: a=b: c ; prices=accept:text/plain')).toEqual([
    {
      name: 'prices',
      url: 'https://api.example.com/v3',
      headers: { 'x-api-key': 'a=b: c', accept: 'text/plain' },
    },
    { name: 'local', url: 'http://localhost:1', headers: {} },
  ])
})

test.each([
  'https://api.example.com',
  'prices=api.example.com',
  'prices=ftp://api.example.com',
  'prices=https://key@api.example.com',
  'prices=https://api.example.com?key=1',
  'Prices=https://api.example.com',
  'prices=https://a.example;prices=https://b.example',
])('error: the service %s says how to write it', (text) => {
  expect(() => read(text)).toThrow(
    /PERDURA_SERVICES has .*\(not shown\)\. Write names of services and their URLs/,
  )
})

test('error: headers say how to write them, and never what they hold', () => {
  expect(() => read('prices=https://a.example', 'prices=the-key')).toThrow(
    /^(?![^]*the-key)[^]*PERDURA_SERVICE_HEADERS /,
  )
  expect(() => read('prices=https://a.example', 'price=x-api-key: the-key')).toThrow(
    'PERDURA_SERVICE_HEADERS names what PERDURA_SERVICES does not: price.',
  )
})
