/** Part of a large result. `nextOffset` is null at its end; offsets count characters (UTF-16 units). */
export type ResultPart = { text: string; offset: number; nextOffset: number | null; totalChars: number }

/** Where a text stands in a result, with what stands around it. */
export type ResultMatch = { offset: number; context: string }

/** Places of a text in a result. `nextOffset` is where to search on; null when there are no more. */
export type ResultMatches = { matches: ResultMatch[]; nextOffset: number | null; totalChars: number }
