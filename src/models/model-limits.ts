import type { ModelLimit } from './presets.ts'

/** Tokens that a model is assumed to read when nobody says how many. */
const defaultContextLimitTokens = 128_000

/**
 * Reads a list of models as an operator writes it: `name` or `name:contextLimit`, separated by commas.
 * Only four or more digits are a limit, because names may hold a colon themselves (`llama3.1:8b`).
 */
export function parseModelLimits(text: string, known: readonly ModelLimit[]): ModelLimit[] {
  const entries = text.split(',').map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '').map((entry) => toModelLimit(entry, known))
}

/** Takes the limit of a known model of that name, else the default. */
export function toModelLimit(entry: string, known: readonly ModelLimit[]): ModelLimit {
  const [, named, limit] = /^(.+):(\d{4,})$/.exec(entry) ?? []
  if (named && limit) return { model: named, contextLimitTokens: Number(limit) }
  const preset = known.find(({ model }) => model === entry)
  return preset ?? { model: entry, contextLimitTokens: defaultContextLimitTokens }
}
