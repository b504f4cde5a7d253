import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { guardBody } from '../../src/models/guarded-body.ts'

const guard = { provider: 'acme', idleTimeoutMs: 1_000 }

function open() {
  const upstream = { cancelled: false, pulls: 0 }
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    pull: () => void upstream.pulls++,
    cancel: () => void (upstream.cancelled = true),
  })
  const send = (text: string) => controller?.enqueue(Buffer.from(text))
  return { upstream, send, end: () => controller?.close(), reader: guardBody(body, guard).getReader() }
}

describe('guardBody', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('passes an event stream on, byte for byte', async () => {
    const { send, end, reader } = open()
    send('\uFEFF: hello\r\n\r\nda')
    send('ta: {"a":1}\nid: 1\n')
    end()
    const pieces = [await reader.read(), await reader.read()].map(({ value }) =>
      Buffer.from(value ?? []).toString(),
    )
    expect(pieces).toEqual(['\uFEFF: hello\r\n\r\nda', 'ta: {"a":1}\nid: 1\n'])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  it('behavior: the idle time runs only while somebody reads', async () => {
    const { send, reader } = open()
    await vi.advanceTimersByTimeAsync(60_000)
    send(': late but unread\n')
    expect((await reader.read()).done).toBe(false)
  })

  it('behavior: a comment begins the idle time anew', async () => {
    const { send, reader } = open()
    for (let count = 0; count < 5; count++) {
      const read = reader.read()
      await vi.advanceTimersByTimeAsync(900)
      send(': still thinking\n')
      expect((await read).done).toBe(false)
    }
  })

  it('error: silence', async () => {
    const { reader, upstream } = open()
    const [outcome] = await Promise.all([
      Promise.allSettled([reader.read()]),
      vi.advanceTimersByTimeAsync(1_000),
    ])
    expect(outcome).toMatchObject([{ status: 'rejected', reason: { code: 'model_silent' } }])
    expect(upstream.cancelled).toBe(true)
  })

  it.each(['<!doctype html>', '{"error":"no"}', 'data: {}\n\nBad Gateway'])(
    'error: %s is garbage',
    async (text) => {
      const { send, reader } = open()
      send(text)
      await expect(reader.read()).rejects.toMatchObject({ code: 'model_garbage' })
    },
  )

  it('error: a line without an end', async () => {
    const { send, reader } = open()
    const read = async () => {
      for (let megabytes = 0; megabytes < 20; megabytes++) {
        send(`d${'x'.repeat(1024 * 1024)}`)
        await reader.read()
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'model_garbage' })
  })
})
