import { expect, test } from 'vitest'

import { findUnsupportedSettings, toTakenSettings } from '../../src/schemas/check-model-settings.ts'

const thinker = { reasoningEfforts: ['low' as const, 'high' as const], maxOutputTokens: 1_000 }
const writer = { temperature: { min: 0, max: 1 } }

test('finds nothing where a model takes it all', () => {
  expect(findUnsupportedSettings({ reasoningEffort: 'low', maxOutputTokens: 1_000 }, thinker)).toEqual([])
  expect(findUnsupportedSettings({ temperature: 1, maxOutputTokens: 999_999 }, writer)).toEqual([])
  expect(findUnsupportedSettings({}, {})).toEqual([])
})

test.for([
  [{ temperature: 0.5 }, thinker, 'modelSettings.temperature', 'none'],
  [{ temperature: 1.5 }, writer, 'modelSettings.temperature', 'from 0 to 1'],
  [{ reasoningEffort: 'medium' }, thinker, 'modelSettings.reasoningEffort', 'low, high'],
  [{ reasoningEffort: 'low' }, writer, 'modelSettings.reasoningEffort', 'none'],
  [{ maxOutputTokens: 1_001 }, thinker, 'modelSettings.maxOutputTokens', 'up to 1000'],
] as const)('error: %o of %o names the field and what is offered', ([settings, offered, path, part]) => {
  const [fault] = findUnsupportedSettings(settings, offered)
  expect(fault?.path).toBe(path)
  expect(fault?.message).toContain(part)
})

test('behavior: leaves out what a model does not take, and cuts an output to what it can', () => {
  const settings = { temperature: 0.5, reasoningEffort: 'high' as const, maxOutputTokens: 5_000 }
  expect(toTakenSettings(settings, thinker)).toEqual({ reasoningEffort: 'high', maxOutputTokens: 1_000 })
  expect(toTakenSettings(settings, writer)).toEqual({ temperature: 0.5, maxOutputTokens: 5_000 })
  expect(toTakenSettings({}, writer)).toEqual({})
})
