import { wholeBeginning } from '../contracts/whole-characters.ts'
import type { TokenCounter } from '../models/token-counter.ts'

export type OutputKind = 'text' | 'reasoning' | 'calls'

/** A multiple of the counter's own portions, whose ends cost tokens. */
const portionLength = 400

/**
 * Counts what a model writes while it comes, and lets no more through than a limit. What is surely below it, as no
 * token is shorter than a byte, is not counted before the end.
 */
export class OutputMeter {
  readonly #counter: TokenCounter
  readonly #limitTokens: number
  /** Tokens of whole portions, and the text after them. */
  readonly #counted: Record<OutputKind, { tokens: number; rest: string }> = {
    text: { tokens: 0, rest: '' },
    reasoning: { tokens: 0, rest: '' },
    calls: { tokens: 0, rest: '' },
  }
  #mostTokens = 0

  /** Without a limit everything passes. */
  constructor(counter: TokenCounter, limitTokens = Number.POSITIVE_INFINITY) {
    this.#counter = counter
    this.#limitTokens = limitTokens
  }

  /** Tokens of everything that was let through. */
  count(): number {
    return this.#countWith('text', '')
  }

  /** Takes the next piece and returns the part of it that fits, from its beginning. */
  take(kind: OutputKind, delta: string): string {
    const most = this.#mostTokens + Buffer.byteLength(delta)
    const fits = most <= this.#limitTokens || this.#countWith(kind, delta) <= this.#limitTokens
    const fitting = fits ? delta : this.#cut(kind, delta)
    this.#counted[kind].rest += fitting
    this.#mostTokens = most <= this.#limitTokens ? most : this.count()
    return fitting
  }

  #countWith(kind: OutputKind, delta: string): number {
    let tokens = 0
    for (const each of ['text', 'reasoning', 'calls'] as const) {
      const counted = this.#countPortions(each)
      const open = each === kind ? counted.rest + delta : counted.rest
      tokens += counted.tokens + (open === '' ? 0 : this.#counter.count(open))
    }
    return tokens
  }

  #countPortions(kind: OutputKind): { tokens: number; rest: string } {
    const counted = this.#counted[kind]
    const length = counted.rest.length - (counted.rest.length % portionLength)
    if (length > 0) counted.tokens += this.#counter.count(counted.rest.slice(0, length))
    counted.rest = counted.rest.slice(length)
    return counted
  }

  #cut(kind: OutputKind, delta: string): string {
    let fitting = 0
    let above = delta.length
    while (above - fitting > 1) {
      const middle = Math.floor((fitting + above) / 2)
      if (this.#countWith(kind, delta.slice(0, middle)) <= this.#limitTokens) fitting = middle
      else above = middle
    }
    return wholeBeginning(delta, fitting)
  }
}
