/** Characters outside the basic plane are two UTF-16 units: half of one is no text. */

/**
 * Whether an index stands in the middle of a character. At the end of a text that is so when its last unit is a
 * first half, as the other may still come.
 */
export function isInsideCharacter(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1)
  if (!(before >= 0xd800 && before <= 0xdbff)) return false
  const after = text.charCodeAt(index)
  return Number.isNaN(after) || (after >= 0xdc00 && after <= 0xdfff)
}

/** The beginning of a text: at most so many UTF-16 units, and never half a character. */
export function wholeBeginning(text: string, length: number): string {
  return text.slice(0, isInsideCharacter(text, length) ? length - 1 : length)
}
