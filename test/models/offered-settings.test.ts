import { describe, expect, test } from 'vitest'

import {
  findOfferedSettings,
  parseReasoningEfforts,
  parseTemperature,
  withOwnSettings,
} from '../../src/models/offered-settings.ts'

describe('findOfferedSettings', () => {
  test.for(['gpt-5', 'gpt-5-mini', 'openai/gpt-5-nano', 'gpt-5.1', 'o3', 'o4-mini', 'o1'])(
    '%s takes a reasoning effort and no temperature',
    (model) => {
      const { temperature, reasoningEfforts } = findOfferedSettings(model)
      expect(temperature).toBeUndefined()
      expect(reasoningEfforts).toContain('high')
    },
  )

  test.for([
    ['gpt-4.1', 2],
    ['gpt-5-chat-latest', 2],
    ['claude-sonnet-4-5', 1],
    ['anthropic/claude-sonnet-4.5', 1],
    ['mistral-large-latest', 1.5],
    ['my-model', 2],
  ] as const)('%s takes a temperature up to %d and no reasoning effort', ([model, max]) => {
    const { temperature, reasoningEfforts } = findOfferedSettings(model)
    expect(temperature).toEqual({ min: 0, max })
    expect(reasoningEfforts).toBeUndefined()
  })

  test('behavior: some take both', () => {
    expect(findOfferedSettings('accounts/fireworks/models/gpt-oss-120b')).toEqual({
      temperature: { min: 0, max: 2 },
      reasoningEfforts: ['low', 'medium', 'high'],
    })
  })
})

describe('what an operator says', () => {
  test('a range and efforts, in order', () => {
    expect(parseTemperature('0.1-1.5')).toEqual({ temperature: { min: 0.1, max: 1.5 } })
    expect(parseReasoningEfforts('high, low')).toEqual({ reasoningEfforts: ['low', 'high'] })
    expect([parseTemperature('off'), parseReasoningEfforts('off')]).toEqual([{}, {}])
  })

  test.for(['2-1', '0-3', '1', 'warm'])('error: %s is no range', (text) => {
    expect(parseTemperature(text)).toBeUndefined()
  })

  test('error: an effort that there is not', () => {
    expect(parseReasoningEfforts('low,huge')).toBeUndefined()
  })

  test('behavior: stands above what the name tells', () => {
    const offered = { temperature: { min: 0, max: 2 }, maxOutputTokens: 10 }
    expect(
      withOwnSettings(offered, { temperature: {}, reasoningEfforts: { reasoningEfforts: ['low'] } }),
    ).toEqual({
      reasoningEfforts: ['low'],
      maxOutputTokens: 10,
    })
    expect(withOwnSettings(offered, {})).toEqual(offered)
  })
})
