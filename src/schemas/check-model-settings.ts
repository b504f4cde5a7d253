import type { ModelSettings, OfferedSettings } from '../contracts/conversation.ts'

/** A setting that a model does not take, and what it takes instead. */
export type UnsupportedSetting = { path: string; message: string }

/** Finds what a model does not take, with what it offers. */
export function findUnsupportedSettings(
  { temperature, reasoningEffort, maxOutputTokens }: ModelSettings,
  offered: OfferedSettings,
): UnsupportedSetting[] {
  const range = offered.temperature
  const efforts = offered.reasoningEfforts
  const limit = offered.maxOutputTokens ?? Number.POSITIVE_INFINITY
  return [
    ...(temperature === undefined || (range && temperature >= range.min && temperature <= range.max)
      ? []
      : [fault('temperature', range && `from ${range.min} to ${range.max}`)]),
    ...(reasoningEffort === undefined || efforts?.includes(reasoningEffort)
      ? []
      : [fault('reasoningEffort', efforts && `one of ${efforts.join(', ')}`)]),
    ...(maxOutputTokens === undefined || maxOutputTokens <= limit
      ? []
      : [fault('maxOutputTokens', `up to ${limit}`)]),
  ]
}

/** The settings that a model takes; the others are left out, and too long an output is cut to what it can. */
export function toTakenSettings(settings: ModelSettings, offered: OfferedSettings): ModelSettings {
  const refused = findUnsupportedSettings(settings, offered).map(({ path }) => path)
  const taken = Object.entries(settings).filter(([name]) => !refused.includes(`modelSettings.${name}`))
  const { maxOutputTokens: limit } = offered
  const isCut = limit !== undefined && refused.includes('modelSettings.maxOutputTokens')
  return { ...Object.fromEntries(taken), ...(isCut ? { maxOutputTokens: limit } : {}) }
}

function fault(field: keyof ModelSettings, offered: string | undefined): UnsupportedSetting {
  const message =
    offered === undefined ? 'The model takes none. Leave it out.' : `The model takes ${offered}.`
  return { path: `modelSettings.${field}`, message }
}
