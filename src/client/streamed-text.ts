/** A text that arrives in pieces. Immutable: each function returns the next state. */
export type StreamedText = {
  text: string
  /** How often the model was asked for it; a higher attempt voids the text of the lower one. */
  attempt: number
  /** Position in the whole text up to which pieces arrived, in UTF-16 units; more than `text` has after a gap. */
  position: number
  /** The whole text is here and will not change. */
  complete: boolean
}

/** Stands where pieces are missing until the whole text arrives. */
const gapMark = '…'

function emptyText(attempt: number): StreamedText {
  return { text: '', attempt, position: 0, complete: false }
}

export function completeText(text: string, attempt: number): StreamedText {
  return { text, attempt, position: text.length, complete: true }
}

/** A text starts; what a lower attempt has written is void. */
export function startText(current: StreamedText | undefined, attempt: number): StreamedText {
  return current && current.attempt >= attempt ? current : emptyText(attempt)
}

/**
 * Adds a piece. Pieces known already change nothing; a missing piece leaves a mark, because the whole text
 * follows with its completion.
 */
export function appendText(
  current: StreamedText | undefined,
  piece: { attempt: number; delta: string; offset: number },
): StreamedText {
  const before = startText(current, piece.attempt)
  if (before.complete || before.attempt > piece.attempt) return before
  const fresh =
    piece.offset > before.position ? gapMark + piece.delta : piece.delta.slice(before.position - piece.offset)
  const position = Math.max(before.position, piece.offset + piece.delta.length)
  return { ...before, text: before.text + fresh, position }
}

/** The whole text stands in the store, whichever attempt has written it: it always wins. */
export function finishText(current: StreamedText | undefined, text: string, attempt: number): StreamedText {
  return completeText(text, Math.max(attempt, current?.attempt ?? attempt))
}
