import type { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { displayWidth } from './display-width.ts'

export type TerminalStream = Writable & { columns?: number; rows?: number; isTTY?: boolean }

/** Rows at the bottom, none wider than the terminal, and where the cursor stands; default behind the last. */
export type LiveRows = { rows: readonly string[]; cursor?: { row: number; column: number } }

/** Terminals that know it show a frame at once; others ignore it. */
const [beginFrame, endFrame] = ['\u001b[?2026h', '\u001b[?2026l']

/**
 * The rows at the bottom of the terminal that are drawn again and again; what is committed scrolls away
 * above them and is never touched again.
 */
export class LiveRegion {
  readonly #stream: TerminalStream
  #drawn: readonly string[] = []
  #cursorRow = 0
  #frame = ''

  constructor(stream: TerminalStream) {
    this.#stream = stream
  }

  get columns(): number {
    return Math.max(20, this.#stream.columns ?? 80)
  }

  get lines(): number {
    return this.#stream.rows ?? 24
  }

  /** Writes lines for good and draws the live rows below them. */
  update(committed: readonly string[], { rows, cursor }: LiveRows): void {
    const shown = rows.slice(-Math.max(1, this.lines - 1))
    const cursorRow = cursor ? cursor.row - (rows.length - shown.length) : Math.max(0, shown.length - 1)
    const frame = shown.join('\r\n') + (cursor ? moveCursor(shown.length - 1 - cursorRow, cursor.column) : '')
    if (committed.length === 0 && frame === this.#frame) return
    const lines = committed.map((line) => `${line.replaceAll('\n', '\r\n')}\r\n`).join('')
    this.#stream.write(`${beginFrame}${this.#erasure()}${lines}${frame}${endFrame}`)
    this.#drawn = shown
    this.#cursorRow = cursorRow
    this.#frame = frame
  }

  /** Removes the live rows; what is written next begins where they began. */
  erase(): void {
    if (this.#drawn.length > 0) this.#stream.write(this.#erasure())
    this.forget()
  }

  /** What was drawn stands somewhere above, or nowhere: the next rows begin at the cursor. */
  forget(): void {
    this.#drawn = []
    this.#cursorRow = 0
    this.#frame = ''
  }

  /** A terminal that became narrower has folded the rows, so their height is measured only now. */
  #erasure(): string {
    if (this.#drawn.length === 0) return ''
    const above = this.#drawn.slice(0, this.#cursorRow).reduce((sum, row) => sum + this.#heightOf(row), 0)
    return `${above > 0 ? `\u001b[${above}A` : ''}\r\u001b[J`
  }

  #heightOf(row: string): number {
    return Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(row)) / this.columns))
  }
}

function moveCursor(up: number, column: number): string {
  return `${up > 0 ? `\u001b[${up}A` : ''}\r${column > 0 ? `\u001b[${column}C` : ''}`
}
