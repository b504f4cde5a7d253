import type { ResultMatch, ResultMatches, ResultPart } from '../contracts/result.ts'
import { isInsideCharacter } from '../contracts/whole-characters.ts'
import type { Database } from './database.ts'
import { findResult, type ResultRef, type StoredResult } from './results.ts'

/** Reads results for tools, which have made sure of the conversation. */
export function createResultReader(database: Database) {
  return {
    read: (call: ResultRef, range: TextRange) => readResultPart(database, { ...call, kept: true }, range),
    find: (call: ResultRef, search: TextSearch) => searchResult(database, { ...call, kept: true }, search),
  }
}

export type TextRange = { offset: number; limit: number }

/** Reads part of a result. Characters of two units stay whole: the part may begin or end one unit earlier. */
export async function readResultPart(
  database: Database,
  ref: ResultRef,
  { offset, limit }: TextRange,
): Promise<ResultPart> {
  const result = await findResult(database, ref)
  const { totalChars } = result
  let text = ''
  // One more unit on either side, to see whether a character reaches over the edge.
  const from = Math.max(offset - 1, 0)
  const to = Math.min(offset + limit + 1, totalChars)
  if (offset < totalChars) {
    for await (const piece of result.pieces(from)) {
      text += piece.text.slice(Math.max(from - piece.offset, 0), to - piece.offset)
      if (from + text.length >= to) break
    }
  }
  const begin = isInsideCharacter(text, offset - from) ? from : Math.min(offset, totalChars)
  const wanted = Math.min(offset + limit, totalChars)
  const shorter = isInsideCharacter(text, wanted - from) ? wanted - 1 : wanted
  // A part of one character that has two units is that character.
  const end = shorter > begin ? shorter : Math.min(wanted + 1, totalChars)
  return {
    text: text.slice(begin - from, end - from),
    offset: begin,
    nextOffset: end < totalChars ? end : null,
    totalChars,
  }
}

export type TextSearch = { text: string; offset: number; limit: number; contextChars: number }

/** Finds a text in a result; capitals make no difference. At most `limit` places, from an offset on. */
export async function searchResult(
  database: Database,
  ref: ResultRef,
  search: TextSearch,
): Promise<ResultMatches> {
  const result = await findResult(database, ref)
  const found: ResultMatch[] = []
  for await (const match of listMatches(result, search)) {
    if (found.length === search.limit) {
      return { matches: found, nextOffset: match.offset, totalChars: result.totalChars }
    }
    found.push(match)
  }
  return { matches: found, nextOffset: null, totalChars: result.totalChars }
}

/** Holds one piece and the end of the one before, so that a match may reach over the edge. */
async function* listMatches(
  result: StoredResult,
  { text, offset, contextChars }: TextSearch,
): AsyncGenerator<ResultMatch> {
  const pattern = new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), 'gi')
  const edge = text.length + contextChars
  let held = ''
  let heldFrom = 0
  let next = offset
  for await (const piece of result.pieces(Math.max(offset - contextChars, 0))) {
    if (held === '') heldFrom = piece.offset
    held += piece.text
    const heldTo = heldFrom + held.length
    const isLast = heldTo >= result.totalChars
    // What lies near the end waits for the next piece, which has the rest of its context.
    const searchedTo = isLast ? heldTo : heldTo - edge
    pattern.lastIndex = Math.max(next - heldFrom, 0)
    for (let match = pattern.exec(held); match !== null; match = pattern.exec(held)) {
      if (heldFrom + match.index >= searchedTo) break
      yield {
        offset: heldFrom + match.index,
        context: cutContext(held, match.index, text.length, contextChars),
      }
      next = heldFrom + pattern.lastIndex
    }
    next = Math.max(next, searchedTo)
    const kept = Math.max(next - contextChars - heldFrom, 0)
    held = held.slice(kept)
    heldFrom += kept
  }
}

function cutContext(text: string, at: number, length: number, contextChars: number): string {
  const from = Math.max(at - contextChars, 0)
  const to = Math.min(at + length + contextChars, text.length)
  return text.slice(
    isInsideCharacter(text, from) ? from + 1 : from,
    isInsideCharacter(text, to) ? to - 1 : to,
  )
}
