import { type ModelSettings, reasoningEfforts } from '../../contracts/conversation.ts'

export type ParsedSettings = { settings: ModelSettings } | { fault: string }

/**
 * Settings changed by words as `temperature=0.2`, `effort=high`, `max=2000`; `default` takes one back. Whether a
 * model takes them is for the server to say.
 */
export function parseModelSettings(words: readonly string[], before: ModelSettings): ParsedSettings {
  let settings = before
  for (const word of words) {
    const [name = '', value = ''] = word.split('=')
    const next = withSetting(settings, name, value)
    if (next === undefined) return { fault: faultOf(name) }
    settings = next
  }
  return { settings }
}

function withSetting(settings: ModelSettings, name: string, value: string): ModelSettings | undefined {
  const { temperature, reasoningEffort, maxOutputTokens, ...rest } = settings
  const kept = {
    ...rest,
    ...(temperature !== undefined && name !== 'temperature' && { temperature }),
    ...(reasoningEffort !== undefined && name !== 'effort' && { reasoningEffort }),
    ...(maxOutputTokens !== undefined && name !== 'max' && { maxOutputTokens }),
  }
  const back = value === 'default'
  switch (name) {
    case 'temperature':
      if (!back && !/^\d+(\.\d+)?$/.test(value)) return undefined
      return { ...kept, ...(!back && { temperature: Number(value) }) }
    case 'effort': {
      const effort = reasoningEfforts.find((each) => each === value)
      if (!back && effort === undefined) return undefined
      return { ...kept, ...(effort !== undefined && { reasoningEffort: effort }) }
    }
    case 'max':
      if (!back && !/^[1-9]\d*$/.test(value)) return undefined
      return { ...kept, ...(!back && { maxOutputTokens: Number(value) }) }
    default:
      return undefined
  }
}

function faultOf(name: string): string {
  switch (name) {
    case 'temperature':
      return 'A temperature is a number, as temperature=0.2, or default.'
    case 'effort':
      return `An effort is one of ${reasoningEfforts.join(', ')}, or default.`
    case 'max':
      return 'max is how many tokens an answer may have, as max=2000, or default.'
    default:
      return 'The settings are temperature=, effort= and max=.'
  }
}
