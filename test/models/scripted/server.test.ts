import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { collect, textOf } from '../../conformance/model-provider.ts'
import { startScriptedModel } from '../../../src/models/scripted/server.ts'
import { openScriptedModel, scriptedProvider, scriptedRequest } from '../../support/scripted-model.ts'

const never = new AbortController().signal

describe('startScriptedModel', () => {
  let model: Awaited<ReturnType<typeof openScriptedModel>>
  beforeAll(async () => {
    model = await openScriptedModel()
  })
  afterAll(() => model.close())

  const ask = (key: string, signal = never) =>
    collect(scriptedProvider(model.baseUrl).stream(scriptedRequest(key), signal))

  it('plays the replies of a script in order, each conversation its own', async () => {
    await model.script('a', [
      { parts: [{ type: 'text', text: 'one' }] },
      { parts: [{ type: 'text', text: 'two' }] },
    ])
    await model.script('b', [{ parts: [{ type: 'text', text: 'other' }], repeat: true }])
    const said = [await ask('a'), await ask('b'), await ask('a'), await ask('b')].map((parts) =>
      textOf(parts),
    )
    expect(said).toEqual(['one', 'other', 'two', 'other'])
  })

  it('lets a failed request be tried again', async () => {
    await model.script('retry', [
      { status: 429, headers: { 'retry-after': '0' } },
      { parts: [{ type: 'text', text: 'fine' }] },
    ])
    await expect(ask('retry')).rejects.toMatchObject({ code: 'model_rate_limited', retryAfterMs: 0 })
    expect(textOf(await ask('retry'))).toBe('fine')
  })

  it('remembers what it was asked and how it ended', async () => {
    await model.script('log', [{ parts: [{ type: 'gate', name: 'log' }] }, {}])
    const stop = new AbortController()
    const asked = ask('log', stop.signal)
    expect(await model.until('log', 1, 'arrived')).toMatchObject({ state: 'open', body: { model: 'demo' } })
    stop.abort()
    await expect(asked).rejects.toThrow('aborted')
    expect(await model.until('log', 1, 'closed')).toMatchObject({
      state: 'closed',
      endedAtMs: expect.any(Number),
    })
    await ask('log')
    expect((await model.requests('log')).map(({ state }) => state)).toEqual(['closed', 'completed'])
  })

  it('holds all replies at one gate until it opens', async () => {
    const reply = {
      parts: [
        { type: 'gate' as const, name: 'together' },
        { type: 'text' as const, text: 'go' },
      ],
    }
    await model.script('gate', [reply, reply])
    const both = Promise.all([ask('gate'), ask('gate')])
    await model.until('gate', 2, 'arrived')
    await model.openGate('together')
    expect((await both).map((parts) => textOf(parts))).toEqual(['go', 'go'])
  })

  it('behavior: the marker of an earlier message counts until another comes', async () => {
    await model.script('early', [{ parts: [{ type: 'text', text: 'found' }] }])
    const messages = [
      { role: 'user' as const, text: '[script:early]' },
      { role: 'user' as const, text: 'and now?' },
    ]
    const request = { ...scriptedRequest('early'), messages }
    expect(textOf(await collect(scriptedProvider(model.baseUrl).stream(request, never)))).toBe('found')
  })

  it('behavior: answers the demo without a marker, and the bench by its name', async () => {
    const provider = scriptedProvider(model.baseUrl)
    const user = { role: 'user' as const, text: 'help' }
    const demo = { model: 'demo', system: '', messages: [user], tools: [] }
    expect(textOf(await collect(provider.stream(demo, never)))).toContain('scripted demo model')
    const first = await collect(provider.stream({ ...demo, model: 'bench' }, never))
    expect(first.filter(({ type }) => type === 'toolCall')).toHaveLength(3)
    const calls = first.flatMap((part) => (part.type === 'toolCall' ? part.call : []))
    const results = calls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, text: '{}' }))
    const messages = [user, { role: 'assistant' as const, text: '', toolCalls: calls }, ...results]
    const second = await collect(provider.stream({ ...demo, model: 'bench', messages }, never))
    expect(textOf(second).split(' ')).toHaveLength(40)
  })

  it('behavior: answers clients that do not stream', async () => {
    const body = JSON.stringify({
      model: 'bench',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    })
    const answer: unknown = await (
      await fetch(`${model.baseUrl}/chat/completions`, { method: 'POST', body })
    ).json()
    expect(answer).toMatchObject({
      choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [{}, {}, {}] } }],
    })
    const models: unknown = await (await fetch(`${model.baseUrl}/models`)).json()
    expect(models).toMatchObject({ data: [{ id: 'demo' }, { id: 'bench' }] })
  })

  it('error: a script that is used up, one that is wrong, and a request that is none', async () => {
    await expect(ask('nobody-wrote-it')).rejects.toMatchObject({ code: 'model_rejected' })
    // @ts-expect-error a part that does not exist
    await expect(model.script('wrong', [{ parts: [{ type: 'song' }] }])).rejects.toThrow('422')
    const response = await fetch(`${model.baseUrl}/chat/completions`, { method: 'POST', body: 'nonsense' })
    expect(response.status).toBe(400)
  })

  it('error: in demo mode nobody can drive it', async () => {
    const demo = await startScriptedModel()
    const response = await fetch(`${demo.url}/script`, { method: 'POST', body: '{}' })
    await demo.close()
    expect(response.status).toBe(404)
  })
})
