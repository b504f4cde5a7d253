import { type OfferedSettings, reasoningEfforts } from '../contracts/conversation.ts'

const fullTemperature = { min: 0, max: 2 }

/** Of a model that nothing is known of: a reasoning effort is refused by many services, a temperature by few. */
const unknown: OfferedSettings = { temperature: fullTemperature }

// By the last part of the name, because routers serve the same models under a prefix. The first that fits counts.
const families: readonly (readonly [RegExp, OfferedSettings])[] = [
  [/^gpt-5(\.\d+)?-chat/, { temperature: fullTemperature, maxOutputTokens: 16_384 }],
  [/^gpt-5(\.\d+)?-pro/, { reasoningEfforts: ['high'] }],
  [/^gpt-5\.\d/, { reasoningEfforts: ['none', 'low', 'medium', 'high'], maxOutputTokens: 128_000 }],
  [/^gpt-5/, { reasoningEfforts: ['minimal', 'low', 'medium', 'high'], maxOutputTokens: 128_000 }],
  [/^o[134](-|$)/, { reasoningEfforts: ['low', 'medium', 'high'], maxOutputTokens: 100_000 }],
  [/^gpt-4\.1/, { temperature: fullTemperature, maxOutputTokens: 32_768 }],
  [/^gpt-4o/, { temperature: fullTemperature, maxOutputTokens: 16_384 }],
  [/^gpt-oss/, { temperature: fullTemperature, reasoningEfforts: ['low', 'medium', 'high'] }],
  [/^claude-/, { temperature: { min: 0, max: 1 } }],
  [
    /^gemini-(2\.5|[3-9])/,
    {
      temperature: fullTemperature,
      reasoningEfforts: ['minimal', 'low', 'medium', 'high'],
      maxOutputTokens: 65_536,
    },
  ],
  [/^(mistral|ministral|magistral|devstral|codestral)/, { temperature: { min: 0, max: 1.5 } }],
  [/^deepseek-reasoner/, {}],
]

/** Which settings a model takes, as far as its name tells. */
export function findOfferedSettings(model: string): OfferedSettings {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return families.find(([form]) => form.test(name))?.[1] ?? unknown
}

/** What an operator says of all models of a provider; it stands above what their names tell. */
export type OwnSettings = Partial<Record<'temperature' | 'reasoningEfforts', OfferedSettings>>

/** Reads `0-1.5`, or `off`. Undefined: neither. */
export function parseTemperature(text: string): OfferedSettings | undefined {
  if (text === 'off') return {}
  const [, min, max] = /^(\d(?:\.\d+)?)-(\d(?:\.\d+)?)$/.exec(text) ?? []
  const range = { min: Number(min), max: Number(max) }
  return range.min < range.max && range.max <= 2 ? { temperature: range } : undefined
}

/** Reads `low,medium,high`, or `off`. Undefined: neither. */
export function parseReasoningEfforts(text: string): OfferedSettings | undefined {
  if (text === 'off') return {}
  const words = text.split(',').map((word) => word.trim())
  if (!words.every((word) => reasoningEfforts.some((effort) => effort === word))) return undefined
  return { reasoningEfforts: reasoningEfforts.filter((effort) => words.includes(effort)) }
}

/** Puts what an operator says of a provider above what the model's name tells. */
export function withOwnSettings(offered: OfferedSettings, own: OwnSettings): OfferedSettings {
  const { temperature, reasoningEfforts, ...rest } = offered
  return {
    ...(own.temperature ?? (temperature === undefined ? {} : { temperature })),
    ...(own.reasoningEfforts ?? (reasoningEfforts === undefined ? {} : { reasoningEfforts })),
    ...rest,
  }
}
