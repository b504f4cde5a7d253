import type { VerbatimFact } from '../../contracts/context.ts'
import type { CallId, MessageId } from '../../contracts/ids.ts'

/** Facts of one result at most: a page of holders is no fact about the conversation. */
const factsPerText = 100
const depthLimit = 40
const valueLimit = 120

const address = /\b0x[0-9a-fA-F]{40}\b/g
const hash = /\b0x[0-9a-fA-F]{64}\b/g
const ensName = /\b(?:[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?\.){1,5}eth\b/gi
const patterns = [address, hash, ensName]

const decimal = /^-?\d{1,80}(?:\.\d{1,80})?$/
const decimalWithUnit = /^-?\d{1,80}(?:\.\d{1,80})? [A-Za-z]{2,10}$/
/** Keys whose numbers are settings or times, not amounts. */
const noAmount = /^(decimals|chain_?id|id|index|position|version|time(stamp)?|.*_?at|status)$/i
/** Keys whose JSON numbers are amounts; others are counts of something. */
const amountKey = /amount|balance|value|price|total|supply|fee|gas|wei|gwei|cost|rate|block|nonce/i
const unit = /^[A-Za-z0-9.$+-]{1,16}$/

/** A number's neighbours that may say what it counts. */
type Neighbours = Readonly<Record<string, unknown>>
type Source = { callId: CallId; tool: string }
type Collect = (path: string, value: string) => void

/**
 * Finds what a summary must not garble in a tool's result, as it stands there: addresses, 32-byte hashes, ENS names,
 * amounts with their unit, block numbers. Never more than a hundred; the result of code, no model has touched it.
 */
export function findFacts(source: Source, text: string): VerbatimFact[] {
  const { facts, collect } = openCollection(source)
  const parsed = parseJson(text)
  if (parsed === undefined) findInText(text, '', collect)
  else walk(parsed, { path: '', key: '', neighbours: {}, depth: 0 }, collect)
  return facts
}

/** The same in what a person wrote: there, only what cannot be mistaken. */
export function findUserFacts(messageId: MessageId, text: string): VerbatimFact[] {
  const { facts, collect } = openCollection({ callId: messageId, tool: 'user' })
  findInText(text, '', collect)
  return facts
}

/** Addresses and hashes that stand anywhere in a text, in small letters. */
export function listHexValues(text: string): string[] {
  return [...(text.match(address) ?? []), ...(text.match(hash) ?? [])].map((value) => value.toLowerCase())
}

/** Marks addresses and hashes of a summary that are not known: its model has made them up or garbled them. */
export function withoutUnknownValues(summary: string, known: ReadonlySet<string>): string {
  return [hash, address].reduce(
    (text, pattern) =>
      text.replaceAll(pattern, (value) =>
        known.has(value.toLowerCase()) ? value : '[not in the conversation]',
      ),
    summary,
  )
}

function openCollection({ callId, tool }: Source): { facts: VerbatimFact[]; collect: Collect } {
  const facts: VerbatimFact[] = []
  return {
    facts,
    collect(path, value) {
      if (facts.length < factsPerText && value.length <= valueLimit) facts.push({ callId, tool, path, value })
    },
  }
}

function parseJson(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined
  } catch {
    return undefined
  }
}

type Place = { path: string; key: string; neighbours: Neighbours; depth: number }

function walk(value: unknown, place: Place, collect: Collect): void {
  const { path, depth } = place
  if (depth > depthLimit) return
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      walk(item, { ...place, path: `${path}[${index}]`, depth: depth + 1 }, collect)
    }
    return
  }
  if (typeof value === 'object' && value !== null) {
    const neighbours: Neighbours = { ...value }
    for (const [key, item] of Object.entries(neighbours)) {
      const here = path === '' ? toPathPart(key) : `${path}.${toPathPart(key)}`
      findInText(key, path, collect)
      walk(item, { path: here.slice(-valueLimit), key, neighbours, depth: depth + 1 }, collect)
    }
    return
  }
  if (typeof value === 'string') collectText(value, place, collect)
  if (typeof value === 'number' && amountKey.test(place.key)) collectAmount(String(value), place, collect)
}

function collectText(value: string, place: Place, collect: Collect): void {
  if (decimal.test(value)) collectAmount(value, place, collect)
  else if (decimalWithUnit.test(value)) collect(place.path, value)
  else findInText(value, place.path, collect)
}

function collectAmount(value: string, { path, key, neighbours }: Place, collect: Collect): void {
  if (noAmount.test(key)) return
  const named = /block/i.test(key) ? undefined : (neighbours['symbol'] ?? neighbours['unit'])
  collect(path, typeof named === 'string' && unit.test(named) ? `${value} ${named}` : value)
}

function findInText(text: string, path: string, collect: Collect): void {
  for (const pattern of patterns) for (const [value] of text.matchAll(pattern)) collect(path, value)
}

/** Keys may come from strangers: what reaches the model of them is short and plain. */
function toPathPart(key: string): string {
  return key.replaceAll(/[^A-Za-z0-9_$-]/g, '?').slice(0, 60)
}
