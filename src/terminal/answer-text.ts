import type { MessageEntry } from '../client/conversation-view.ts'
import { TextFilter } from './text-filter.ts'

/**
 * What is new in an answer: it goes on; or it starts again, because it differs from what was shown; or it
 * ended before what was shown.
 */
export type AnswerPiece = { kind: 'on' | 'again' | 'shorter'; text: string }

/**
 * Follows one answer and tells each time what has to be added to what was shown. A repeated attempt that
 * writes the same text is awaited silently, so that its beginning is not shown twice.
 */
export class AnswerText {
  #shown = ''
  #filter = new TextFilter()

  next({ content: { text, complete } }: MessageEntry): AnswerPiece {
    if (text.startsWith(this.#shown)) return { kind: 'on', text: this.#show(text) }
    if (this.#shown.startsWith(text)) return { kind: complete ? 'shorter' : 'on', text: '' }
    this.#shown = ''
    this.#filter = new TextFilter()
    return { kind: 'again', text: this.#show(text) }
  }

  #show(text: string): string {
    const piece = text.slice(this.#shown.length)
    this.#shown = text
    return this.#filter.push(piece)
  }
}
