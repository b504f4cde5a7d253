import { displayWidth, splitRows } from './display-width.ts'

/** The line that is being typed, over as many rows as it takes, and where its cursor stands. */
export function inputRows(
  prompt: string,
  input: { text: string; cursor: number },
  columns: number,
): { rows: string[]; cursor: { row: number; column: number } } {
  // One more column than the text: the cursor may stand behind it.
  const rows = splitRows(`${prompt}${input.text} `, columns)
  const before = splitRows(`${prompt}${input.text.slice(0, input.cursor)}`, columns)
  const column = displayWidth(before.at(-1) ?? '')
  const wraps = column >= columns
  return { rows, cursor: { row: before.length - (wraps ? 0 : 1), column: wraps ? 0 : column } }
}
