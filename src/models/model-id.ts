/** Ids of models: `provider/model`, where the model's own name may hold slashes too. */

export function toModelId(provider: string, model: string): string {
  return `${provider}/${model}`
}

/**
 * Finds the id that a person means: the whole id, or the model's name alone when one provider has it.
 * Undefined when none fits or several do.
 */
export function findModelId(wanted: string, ids: readonly string[]): string | undefined {
  if (ids.includes(wanted)) return wanted
  const matches = ids.filter((id) => id.slice(id.indexOf('/') + 1) === wanted)
  return matches.length === 1 ? matches[0] : undefined
}
