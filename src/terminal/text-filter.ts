import { wholeBeginning } from '../contracts/whole-characters.ts'

type State = 'text' | 'escape' | 'sequence' | 'string' | 'stringEscape'

/** Terminals give up on an unfinished command string too; without a bound it would swallow the answer. */
const stringLimit = 512

/**
 * Lets text through and keeps out everything that could control a terminal: escape sequences, control
 * characters, and marks that reorder or hide text. Pieces may be cut anywhere, also inside a sequence.
 */
export class TextFilter {
  #state: State = 'text'
  #stringLength = 0
  /** The first half of a character that was cut in two. */
  #half = ''

  push(piece: string): string {
    let passed = ''
    for (const unit of (this.#half + piece).split('')) passed += this.#take(unit)
    const whole = wholeBeginning(passed, passed.length)
    this.#half = passed.slice(whole.length)
    return whole
  }

  #take(unit: string): string {
    const code = unit.charCodeAt(0)
    switch (this.#state) {
      case 'text':
        return this.#takeText(unit, code)
      case 'escape':
        if (code >= 0x20 && code <= 0x2f) return ''
        if (code < 0x20 || code > 0x7e) return this.#restart(unit, code)
        this.#state = unit === '[' ? 'sequence' : ']PX^_'.includes(unit) ? 'string' : 'text'
        this.#stringLength = 0
        return ''
      case 'sequence':
        if (code >= 0x20 && code <= 0x3f) return ''
        if (code < 0x20 || code > 0x7e) return this.#restart(unit, code)
        this.#state = 'text'
        return ''
      case 'string':
        return this.#takeString(unit, code)
      case 'stringEscape':
        if (unit !== '\\') return this.#restart(unit, code)
        this.#state = 'text'
        return ''
    }
  }

  #takeText(unit: string, code: number): string {
    if (code === 0x1b) this.#state = 'escape'
    else if (code === 0x9b) this.#state = 'sequence'
    else if (code === 0x90 || code === 0x98 || (code >= 0x9d && code <= 0x9f)) {
      this.#state = 'string'
      this.#stringLength = 0
    } else if (code === 0x2028 || code === 0x2029) return '\n'
    else return isControl(code) ? '' : unit
    return ''
  }

  #takeString(unit: string, code: number): string {
    if (code === 0x1b) this.#state = 'stringEscape'
    else if (code === 0x07 || code === 0x9c) this.#state = 'text'
    else if (code === 0x0a || ++this.#stringLength > stringLimit) return this.#restart(unit, code)
    return ''
  }

  #restart(unit: string, code: number): string {
    this.#state = 'text'
    return this.#takeText(unit, code)
  }
}

/** The whole text without anything that could control a terminal. */
export function toPlainText(text: string): string {
  return new TextFilter().push(text).toWellFormed()
}

/** The same on a single line. */
export function toPlainLine(text: string): string {
  return toPlainText(text).replace(/\s+/g, ' ').trim()
}

function isControl(code: number): boolean {
  if (code < 0x20) return code !== 0x0a && code !== 0x09
  if (code >= 0x7f && code <= 0x9f) return true
  const reorders = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  return reorders || code === 0xfeff
}
