import type { VerbatimFact } from '../../contracts/context.ts'

export type FactList = { facts: VerbatimFact[]; leftOut: number }
export type FactLimits = { count: number; characters: number }

/**
 * Joins the facts of a compaction with those that were found since. A value that comes again is one fact, and a new
 * one. Where there are too many, the oldest of the kind of which there are most goes first, so that the rare
 * one of the beginning is not pushed out by the thousandth block number.
 */
export function joinFacts(before: FactList, found: readonly VerbatimFact[], limits: FactLimits): FactList {
  const unique = new Map<string, VerbatimFact>()
  for (const fact of [...before.facts, ...found]) {
    const key = `${endOf(fact.path)}\n${fact.value}`
    unique.delete(key)
    unique.set(key, fact)
  }
  const kept = new Set(unique.values())
  const kinds = new Map<string, VerbatimFact[]>()
  let characters = 0
  for (const fact of kept) {
    const kind = kinds.get(kindOf(fact))
    if (kind === undefined) kinds.set(kindOf(fact), [fact])
    else kind.push(fact)
    characters += sizeOf(fact)
  }
  let leftOut = before.leftOut
  for (const oldest of inOrderOfLeaving(kinds.values())) {
    if (kept.size <= limits.count && characters <= limits.characters) break
    kept.delete(oldest)
    characters -= sizeOf(oldest)
    leftOut += 1
  }
  return { facts: [...kept], leftOut }
}

/** The oldest of the largest kind, and so on. Each fact is looked at once: there may be any number of both. */
function* inOrderOfLeaving(kinds: Iterable<VerbatimFact[]>): Generator<VerbatimFact> {
  const bySize: VerbatimFact[][][] = []
  for (const kind of kinds) (bySize[kind.length] ??= []).push(kind)
  for (let size = bySize.length - 1; size > 0; size -= 1) {
    for (const kind of bySize[size] ?? []) {
      const oldest = kind.at(-size)
      if (oldest !== undefined) yield oldest
      ;(bySize[size - 1] ??= []).push(kind)
    }
    bySize.length = size
  }
}

/** What a fact costs in the list that the model is given. */
function sizeOf({ tool, path, value }: VerbatimFact): number {
  return tool.length + path.length + value.length + 6
}

function kindOf({ tool, path }: VerbatimFact): string {
  return `${tool} ${endOf(path)}`
}

/** The name of the field; where it stood among others of its kind does not matter. */
function endOf(path: string): string {
  return (
    path
      .replaceAll(/\[\d+\]/g, '')
      .split('.')
      .at(-1) ?? ''
  )
}
