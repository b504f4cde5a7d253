import { describe, expect, it } from 'vitest'

import { noteHeading, toChatBody } from '../../src/models/chat-body.ts'
import { commonDialect } from '../../src/models/dialect.ts'
import { findPreset } from '../../src/models/presets.ts'
import type { ModelRequest } from '../../src/models/model-provider.ts'

const request: ModelRequest = {
  model: 'm',
  system: 'Be good.',
  messages: [{ role: 'user', text: 'Hi' }],
  tools: [],
}

describe('toChatBody', () => {
  it('writes a streaming request with usage', () => {
    expect(toChatBody(request, commonDialect)).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be good.' },
        { role: 'user', content: 'Hi' },
      ],
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it('writes tools, calls and their results', () => {
    const tool = { name: 'time_now', description: 'The time.', parameters: { type: 'object' } }
    const body = toChatBody(
      {
        ...request,
        tools: [tool],
        messages: [
          {
            role: 'assistant',
            text: '',
            toolCalls: [{ id: 'a', name: 'time_now', arguments: '{"zone":"UTC"}' }],
          },
          { role: 'tool', toolCallId: 'a', text: '{"time":"noon"}' },
        ],
      },
      commonDialect,
    )
    expect(body.tools).toEqual([{ type: 'function', function: tool }])
    expect(body.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'time_now', arguments: '{"zone":"UTC"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '{"time":"noon"}' },
    ])
  })

  it('writes the settings of the conversation', () => {
    const settings = { temperature: 0, reasoningEffort: 'low' as const, maxOutputTokens: 100 }
    expect(toChatBody({ ...request, ...settings }, commonDialect)).toMatchObject({
      temperature: 0,
      reasoning_effort: 'low',
      max_tokens: 100,
    })
    const openai = { ...commonDialect, outputLimitField: 'max_completion_tokens' as const }
    expect(toChatBody({ ...request, ...settings }, openai)).toMatchObject({ max_completion_tokens: 100 })
  })

  it('behavior: a history of another service fits the one that goes on', () => {
    const mistral = findPreset('mistral')?.dialect ?? commonDialect
    const call = { id: 'call_0', name: 'time_now', arguments: '{}' }
    const body = toChatBody(
      {
        ...request,
        messages: [
          { role: 'assistant', text: '', toolCalls: [call] },
          { role: 'tool', toolCallId: 'call_0', text: '{}' },
          { role: 'user', text: 'Shorter, please.' },
        ],
      },
      mistral,
    )
    const id = expect.stringMatching(/^[A-Za-z0-9]{9}$/)
    expect(body.messages.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id }] },
      { role: 'tool', tool_call_id: id },
      { role: 'assistant', content: expect.any(String) },
      { role: 'user', content: 'Shorter, please.' },
    ])
  })

  it.each([
    ['', 'unnamed'],
    ['read file!', 'read_file_'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('behavior: a tool that the model called "%s" is one that services accept', (name, wireName) => {
    const message = { role: 'assistant' as const, text: '', toolCalls: [{ id: 'a', name, arguments: '{}' }] }
    const body = toChatBody({ ...request, messages: [message] }, commonDialect)
    expect(body.messages[1]).toMatchObject({ tool_calls: [{ function: { name: wireName } }] })
  })

  it('behavior: a note goes in the role of the user, under its heading', () => {
    const body = toChatBody({ ...request, messages: [{ role: 'note', text: 'Mined.' }] }, commonDialect)
    expect(body.messages[1]).toEqual({ role: 'user', content: `${noteHeading}\nMined.` })
  })

  it('behavior: arguments that are no JSON object are sent back as an empty one', () => {
    const calls = ['{"a":', '[1]', '7'].map((text) => ({ id: 'a', name: 'x', arguments: text }))
    const body = toChatBody(
      { ...request, messages: [{ role: 'assistant', text: 'x', toolCalls: calls }] },
      commonDialect,
    )
    expect(body.messages[1]).toMatchObject({
      tool_calls: calls.map(() => ({ function: { arguments: '{}' } })),
    })
  })

  it('behavior: each service is asked in its dialect', () => {
    const limited = { ...request, maxOutputTokens: 10 }
    const asked = toChatBody(limited, { ...commonDialect, streamOptions: false })
    expect(asked).toMatchObject({ max_tokens: 10 })
    expect(asked).not.toHaveProperty('stream_options')
    expect(
      toChatBody(limited, { ...commonDialect, outputLimitField: 'max_completion_tokens' }),
    ).toMatchObject({
      max_completion_tokens: 10,
    })
    const signed = toChatBody(
      {
        ...request,
        messages: [{ role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'x', arguments: '{}' }] }],
      },
      { ...commonDialect, thoughtSignature: true },
    )
    expect(JSON.stringify(signed)).toContain('thought_signature')
  })
})
