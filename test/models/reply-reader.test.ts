import { describe, expect, it } from 'vitest'

import { readReply } from '../../src/models/reply-reader.ts'
import { collect, textOf } from '../conformance/model-provider.ts'

type Delta = Record<string, unknown>

async function* chunks(
  deltas: (Delta | Error)[],
  finish: string | null = 'stop',
  usage?: Delta,
): AsyncGenerator<unknown> {
  for (const delta of deltas) {
    if (delta instanceof Error) throw delta
    yield { choices: [{ delta, finish_reason: null }] }
  }
  if (finish) yield { choices: [{ delta: {}, finish_reason: finish }] }
  if (usage) yield { choices: [], usage }
}

const read = (...args: Parameters<typeof chunks>) => collect(readReply(chunks(...args), 'acme'))

describe('readReply', () => {
  it('reads text, usage and the reason, in this order', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } }
    expect(await read([{ role: 'assistant' }, { content: 'Hi' }], 'stop', usage)).toEqual([
      { type: 'text', delta: 'Hi' },
      { type: 'usage', inputTokens: 9, outputTokens: 2, cachedTokens: 4 },
      { type: 'finish', reason: 'stop' },
    ])
  })

  it.each([
    ['reasoning_content', [{ reasoning_content: 'Hm.' }, { content: 'Hi' }]],
    ['reasoning', [{ reasoning: 'Hm.' }, { content: 'Hi' }]],
    ['both fields with the same text', [{ reasoning: 'Hm.', reasoning_content: 'Hm.' }, { content: 'Hi' }]],
    ['a think block', [{ content: '<thi' }, { content: 'nk>Hm.</th' }, { content: 'ink>\n\nHi' }]],
    [
      'parts',
      [
        { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] },
        { content: [{ type: 'text', text: 'Hi' }] },
      ],
    ],
  ])('behavior: finds reasoning in %s', async (_, deltas) => {
    const parts = await read(deltas)
    expect([textOf(parts, 'reasoning'), textOf(parts)]).toEqual(['Hm.', 'Hi'])
  })

  it('behavior: asking for tools counts, whatever the reason says', async () => {
    const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'x', arguments: '{}' } }] }
    expect((await read([call], 'stop')).at(-1)).toEqual({ type: 'finish', reason: 'tools' })
    expect((await read([{ content: 'x' }], 'tool_calls')).at(-1)).toEqual({ type: 'finish', reason: 'stop' })
  })

  it('behavior: a reply that was cut by its length keeps no tool calls', async () => {
    const call = { tool_calls: [{ index: 0, id: 'a', function: { name: 'x', arguments: '{"a' } }] }
    expect(await read([call], 'length')).toEqual([{ type: 'finish', reason: 'length' }])
  })

  it('behavior: a refusal is text', async () => {
    expect(textOf(await read([{ refusal: 'I will not.' }]))).toBe('I will not.')
  })

  it('behavior: a connection that breaks after the reason loses nothing', async () => {
    async function* broken() {
      yield* chunks([{ content: 'Hi' }])
      throw new Error('terminated')
    }
    expect((await collect(readReply(broken(), 'acme'))).at(-1)).toEqual({ type: 'finish', reason: 'stop' })
  })

  it('error: no reason, a wrong chunk, and the reason `error`', async () => {
    await expect(read([{ content: 'Hi' }], null)).rejects.toMatchObject({ code: 'model_stream_cut' })
    await expect(read([{ content: 7 }])).rejects.toMatchObject({ code: 'model_garbage' })
    await expect(read([], 'error')).rejects.toMatchObject({ code: 'model_unavailable' })
  })

  it('error: reasoning and arguments without end are too long as well', async () => {
    const long = 'x'.repeat(600_000)
    const call = { tool_calls: [{ index: 0, function: { name: 'x', arguments: long } }] }
    await expect(read([{ reasoning: long }, { reasoning: long }])).rejects.toMatchObject({
      code: 'answer_too_long',
    })
    await expect(read([call, call])).rejects.toMatchObject({ code: 'answer_too_long' })
  })
})
