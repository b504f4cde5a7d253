import { fitColumns, splitRows } from '../display-width.ts'
import { toPlainLine } from '../text-filter.ts'
import { wrapLine } from '../wrap-line.ts'

/** Stands before everything in a prompt that was not written by this program. */
export const frame = '│ '

export type FrameOptions = { columns: number; maxRows?: number; indent?: string }

/**
 * A text of somebody else as rows behind the frame, none wider than the terminal. It cannot leave them: it
 * becomes one line without controls first, and more rows than `maxRows` end in "…".
 */
export function framedRows(text: string, { columns, maxRows = 6, indent = '' }: FrameOptions): string[] {
  const width = Math.max(8, columns - 1 - frame.length - indent.length)
  const rows = wrapLine(toPlainLine(text), width).flatMap((row) => splitRows(row, width))
  const cut = fitColumns(rows.slice(maxRows - 1).join(' '), width)
  const shown = rows.length > maxRows ? [...rows.slice(0, maxRows - 1), cut] : rows
  return shown.map((row, index) => `${frame}${index === 0 ? indent : ' '.repeat(indent.length)}${row}`)
}
