import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { OpenStreams, type OpenStream } from '../../src/api/open-streams.ts'
import { createLogger } from '../../src/ops/logger.ts'

const limits = { perOwner: 2, frames: 10, sizeBytes: 1_000 }
const frame = (text: string) => new TextEncoder().encode(text)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open(streams: OpenStreams, owner = 'o_1') {
  const controller = new AbortController()
  const ended = vi.fn<() => void>()
  let opened: OpenStream | undefined
  const destroy = vi.fn<() => void>()
  const body = streams.open({ owner, signal: controller.signal, destroy, fields: {} }, (stream) => {
    opened = stream
    return ended
  })
  if (opened === undefined) throw new Error('The stream was not started.')
  return { stream: opened, reader: body.getReader(), controller, ended, destroy }
}

const create = () => new OpenStreams(limits, createLogger({ level: 'silent', part: 'test' }))
const textOf = (result: { value?: Uint8Array | undefined }) => new TextDecoder().decode(result.value)

test('default: begins with the pause before a new connection, then sends what comes', async () => {
  const { stream, reader } = open(create())
  expect(textOf(await reader.read())).toBe('retry: 1000\n\n')
  stream.send(frame('id: 1\ndata: {}\n\n'))
  expect(textOf(await reader.read())).toBe('id: 1\ndata: {}\n\n')
})

test('behavior: a silent stream carries a comment each 15 s, which is no event', async () => {
  const { reader } = open(create())
  await reader.read()
  for (let repeat = 0; repeat < 2; repeat++) {
    const next = reader.read()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(textOf(await next)).toBe(': keep-alive\n\n')
  }
})

test.for(['the client goes', 'the request is aborted'])(
  'behavior: when %s the feeding ends and the place is free',
  async (how) => {
    const streams = create()
    const first = open(streams)
    open(streams)
    if (how === 'the client goes') await first.reader.cancel()
    else first.controller.abort()
    expect(first.ended).toHaveBeenCalledTimes(1)
    expect(first.stream.isOpen).toBe(false)
    expect(() => open(streams)).not.toThrow()
  },
)

test('behavior: when the server stops a client is told to come back soon, after all that was queued', async () => {
  const streams = create()
  const { stream, reader, ended } = open(streams)
  stream.send(frame('id: 1\ndata: {}\n\n'))
  streams.closeAll()
  const [, retryMs] =
    /^retry: 1000\n\nid: 1\ndata: {}\n\nretry: (\d+)\n\n$/.exec(textOf(await reader.read())) ?? []
  expect(Number(retryMs)).toBeGreaterThanOrEqual(100)
  expect(Number(retryMs)).toBeLessThanOrEqual(1_000)
  expect((await reader.read()).done).toBe(true)
  expect([stream.isOpen, ended.mock.calls.length, streams.count]).toEqual([false, 1, 0])
})

test('behavior: an owner has its own count', () => {
  const streams = create()
  for (const owner of ['o_1', 'o_1', 'o_2']) open(streams, owner)
  expect(() => open(streams, 'o_1')).toThrow('2 streams are open')
  expect(() => open(streams, 'o_2')).not.toThrow()
})

test('behavior: when the server stops, a client has a second to take the rest', async () => {
  const streams = create()
  const { destroy } = open(streams)
  streams.closeAll()
  await vi.advanceTimersByTimeAsync(999)
  expect(destroy).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(destroy).toHaveBeenCalledTimes(1)
})

test('error: no stream opens any more when the server stops', () => {
  const streams = create()
  streams.closeAll()
  expect(() => open(streams)).toThrow('This server is being stopped')
})

test('error: a client that does not read is cut off after what was queued', async () => {
  const { stream, reader, ended } = open(create())
  for (let index = 0; index < 20; index++) stream.send(frame(`${index},`))
  expect([stream.isOpen, ended.mock.calls.length]).toEqual([false, 1])
  expect(textOf(await reader.read())).toBe('retry: 1000\n\n0,1,2,3,4,5,6,7,8,')
  expect((await reader.read()).done).toBe(true)
})
