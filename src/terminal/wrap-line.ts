import { stripVTControlCharacters } from 'node:util'
import { displayWidth } from './display-width.ts'

/**
 * Breaks a line between words. A word that is longer than a row stays whole, so that an address or a hash
 * can still be copied; spaces at a break are dropped. Styles take no room.
 */
export function wrapLine(line: string, columns: number): string[] {
  const rows: string[] = []
  let row = ''
  for (const word of line.split(/(?<=\s)(?=\S)/)) {
    if (row !== '' && displayWidth(stripVTControlCharacters(row + word.trimEnd())) > columns) {
      rows.push(row.trimEnd())
      row = ''
    }
    row += word
  }
  return [...rows, row]
}
