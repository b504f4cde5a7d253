import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { ModelPart } from '../../src/models/model-provider.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { collect, exposed, textOf } from '../conformance/model-provider.ts'
import { openScriptedModel, scriptedProvider, scriptedRequest } from '../support/scripted-model.ts'

const never = new AbortController().signal

describe('createOpenAiProvider', { timeout: 30_000 }, () => {
  let model: Awaited<ReturnType<typeof openScriptedModel>>
  let count = 0
  beforeAll(async () => {
    model = await openScriptedModel()
  })
  afterAll(() => model.close())

  async function play(
    reply: ScriptedReply,
    changes: Parameters<typeof scriptedProvider>[1] = {},
  ): Promise<ModelPart[]> {
    const key = `provider-${count++}`
    await model.script(key, [reply])
    return collect(scriptedProvider(model.baseUrl, changes).stream(scriptedRequest(key), never))
  }

  it('streams while the reply is still being written', async () => {
    const key = 'while-written'
    const parts = [
      { type: 'text' as const, text: 'first' },
      { type: 'gate' as const, name: key },
      { type: 'text' as const, text: ' last' },
    ]
    await model.script(key, [{ parts }])
    const reply = scriptedProvider(model.baseUrl).stream(scriptedRequest(key), never)[Symbol.asyncIterator]()
    expect((await reply.next()).value).toEqual({ type: 'text', delta: 'first' })
    await model.openGate(key)
    expect((await reply.next()).value).toEqual({ type: 'text', delta: ' last' })
    await reply.return?.()
  })

  it('behavior: assembles calls that come in pieces and repeat their ids', async () => {
    const calls = [
      { id: 'call_0', name: 'time_now', arguments: '{}' },
      { id: 'call_0', name: 'nonsense', arguments: '{"a": [1,' },
      { id: null, name: 'account_info', arguments: { address: '0x1' } },
    ]
    const parts = await play({ parts: [{ type: 'toolCalls', calls, pieceLength: 3 }] })
    expect(parts.flatMap((part) => (part.type === 'toolCall' ? part.call : []))).toEqual([
      { id: 'call_0', name: 'time_now', arguments: '{}' },
      { id: 'call_0_1', name: 'nonsense', arguments: '{"a": [1,' },
      { id: 'call_2', name: 'account_info', arguments: '{"address":"0x1"}' },
    ])
  })

  it('behavior: no usage is sent, none is made up', async () => {
    const parts = await play({ parts: [{ type: 'text', text: 'Hi' }], usage: null })
    expect(parts.map(({ type }) => type)).toEqual(['text', 'finish'])
  })

  it('behavior: an event stream under another content type is read all the same', async () => {
    const parts = await play({
      parts: [{ type: 'text', text: 'Hi' }],
      headers: { 'content-type': 'text/plain' },
    })
    expect(textOf(parts)).toBe('Hi')
  })

  it('behavior: sends the key of this provider and nothing of the environment', async () => {
    const seen: Record<string, unknown>[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers)
      response.writeHead(500).end()
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    process.env['OPENAI_ORG_ID'] = 'org-of-somebody'
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    for (const apiKey of ['sk-one', '']) {
      await collect(scriptedProvider(url, { apiKey }).stream(scriptedRequest('x'), never)).catch(
        () => undefined,
      )
    }
    delete process.env['OPENAI_ORG_ID']
    server.close()
    expect(seen.map((headers) => headers['authorization'])).toEqual(['Bearer sk-one', undefined])
    expect(seen.map((headers) => headers['openai-organization'])).toEqual([undefined, undefined])
  })

  it('behavior: connections serve one request after the other', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n')
      response.write('data: [DONE]\n\n')
      setImmediate(() => response.end())
    })
    let connections = 0
    server.on('connection', () => connections++)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const provider = scriptedProvider(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
    for (let request = 0; request < 20; request++) await collect(provider.stream(scriptedRequest('x'), never))
    server.closeAllConnections()
    server.close()
    // Without reading what follows [DONE] each request would need its own.
    expect(connections).toBeLessThan(5)
  })

  it.each<[string, ScriptedReply, string]>([
    ['a chunk that is not JSON', { parts: [{ type: 'fault', fault: 'badJson' }] }, 'model_garbage'],
    [
      'an error in the stream',
      {
        parts: [
          { type: 'text', text: 'x' },
          { type: 'fault', fault: 'error' },
        ],
      },
      'model_unavailable',
    ],
    ['a page', { body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }, 'model_garbage'],
    ['a whole JSON answer', { body: '{"choices":[]}' }, 'model_garbage'],
    ['an empty answer', { body: '' }, 'model_stream_cut'],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, 'model_rejected'],
    ['a used-up account', { status: 429, body: '{"error":{"code":"insufficient_quota"}}' }, 'model_rejected'],
    [
      'an answer of 10 MB',
      { parts: [{ type: 'text', text: 'x'.repeat(10_000), times: 1_000 }] },
      'answer_too_long',
    ],
    [
      'an answer of 10 MB in one chunk',
      { parts: [{ type: 'text', text: 'x'.repeat(10_000_000), times: 1 }] },
      'answer_too_long',
    ],
  ])('error: %s', async (_, reply, code) => {
    await expect(play(reply)).rejects.toMatchObject({ name: 'AppError', code })
  })

  it('error: a reply that takes too long as a whole, although it never is silent', async () => {
    const drip = { type: 'raw' as const, text: ': still thinking\n\n' }
    const parts = [drip, { type: 'gate' as const, name: 'never-opened' }]
    await expect(play({ parts }, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'model_timeout' })
  })

  it('error: nobody listens', async () => {
    const reply = scriptedProvider('http://127.0.0.1:1/v1').stream(scriptedRequest('x'), never)
    await expect(collect(reply)).rejects.toMatchObject({ code: 'model_unavailable' })
  })

  it('error: a key in the address or in a header is never shown', async () => {
    const providers = [
      scriptedProvider('http://127.0.0.1:1/sk-in-the-path/v1', { apiKey: 'sk-in-a-header' }),
      scriptedProvider(`${model.baseUrl}/sk-in-the-path`, { apiKey: 'sk-in-a-header' }),
      scriptedProvider('http://user:sk-in-the-path@127.0.0.1:1/v1', { apiKey: 'sk-in-a-header' }),
    ]
    for (const provider of providers) {
      const error: unknown = await collect(provider.stream(scriptedRequest('x'), never)).catch(
        (cause: unknown) => cause,
      )
      expect(error).toBeInstanceOf(Error)
      expect(exposed(error)).not.toMatch(/sk-in/)
    }
  })
})
