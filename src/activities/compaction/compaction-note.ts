import type { VerbatimFact } from '../../contracts/context.ts'
import type { Compaction } from '../../store/history-backend.ts'

/**
 * Writes what the model is given in the place of the messages that were summed up: the summary, which a model has
 * written, and the list of facts, which code has made and no model can have changed.
 */
export function toCompactionNote({ summary, facts, factsLeftOut }: Compaction): string {
  return [
    'The older part of this conversation is not given to you word for word.',
    summary === null
      ? 'It could not be summed up. If you need something of it that is not among the facts below, say so and ask.'
      : `## Summary of the older part\n\n${summary}`,
    ...(facts.length === 0 ? [] : [toFactSection(facts, factsLeftOut)]),
  ].join('\n\n')
}

/** The list alone, one fact a line, as `tool path: value`. */
function toFactLines(facts: readonly VerbatimFact[]): string {
  return facts
    .map(({ tool, path, value }) => `- ${tool}${path === '' ? '' : ` ${path}`}: ${value}`)
    .join('\n')
}

function toFactSection(facts: readonly VerbatimFact[], leftOut: number): string {
  const left = leftOut === 0 ? '' : ` ${leftOut} more were left out, because there are too many.`
  return (
    '## Facts of the older part\n\n' +
    'Copied by code, character by character, from results of tools and from what the user wrote, oldest first. Take ' +
    `addresses, hashes and amounts from here, and where the summary differs, this list is right.${left}\n\n` +
    toFactLines(facts)
  )
}
