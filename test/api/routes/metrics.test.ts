import { afterAll, expect, test, vi } from 'vitest'

import { createDatabase } from '../../support/servers.ts'
import { useCheckedProduct } from '../checked-product.ts'
import { openCutter } from '../cutter.ts'
import { follow } from '../../support/follow.ts'

const own = new URL((await createDatabase()).url)
const database = await openCutter(own.host)
afterAll(() => database.close())
own.host = database.address
const product = useCheckedProduct({ workers: 0, databaseUrl: own.href })

/** Samples as `name{labels} value` lines. */
async function readSamples(): Promise<string[]> {
  const { status, headers, text } = await product().call('GET', '/metrics')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('default: what the process measures of itself, for everybody', async () => {
  const names = (await readSamples()).map((line) => line.split(/[ {]/)[0])
  expect(names).toEqual(
    expect.arrayContaining([
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'perdura_conversations_stalled',
      'perdura_open_streams',
    ]),
  )
})

test('behavior: requests count by the pattern of their path, and nothing that was sent is told', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  const path = `/api/conversations/${id}`
  await product().call('GET', path, { token })
  await product().call('GET', path)
  await product().call('GET', `${path}-secret/nothing`, { token })
  await product().call('GET', '/wp-login.php')
  await product().call('GET', '/healthz')

  const samples = await readSamples()
  const counted = (method: string, route: string, status: number) =>
    samples.find((line) =>
      line.startsWith(`perdura_http_requests_total{method="${method}",route="${route}",status="${status}"}`),
    )
  expect(counted('GET', '/api/conversations/:id', 200)).toMatch(/ 1$/)
  expect(counted('GET', '/api/conversations/:id', 401)).toMatch(/ 1$/)
  expect(counted('POST', '/api/conversations', 201)).toMatch(/ 1$/)
  expect(counted('GET', 'none', 404)).toMatch(/ 2$/)
  expect(counted('GET', '/healthz', 200)).toMatch(/ 1$/)
  expect(samples.join('\n')).not.toMatch(new RegExp(`${id}|wp-login|secret`))
})

test('behavior: a stream is counted while it is open', async () => {
  const { client } = await product().guest()
  const { id } = await client.createConversation()
  await client.postMessage(id, { text: 'Hello' })
  const following = follow(client, id)
  await following.until(({ type }) => type === 'user.message')
  expect(await readSamples()).toContain('perdura_open_streams 1')
  following.close()
  await vi.waitFor(async () => expect(await readSamples()).toContain('perdura_open_streams 0'), 10_000)
})

test('error: without PostgreSQL the rest is told', async () => {
  database.cut()
  try {
    const samples = await readSamples()
    expect(samples.some((line) => line.startsWith('perdura_conversations_stalled'))).toBe(false)
    expect(samples).toContain('perdura_open_streams 0')
  } finally {
    database.mend()
  }
  await vi.waitFor(
    async () => expect(await readSamples()).toContain('perdura_conversations_stalled 0'),
    10_000,
  )
})
