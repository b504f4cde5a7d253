import type { MessageEntry } from '../client/conversation-view.ts'
import { TextFilter } from './text-filter.ts'

/** What is new in an answer; `again` when it does not go on from what was shown and starts anew. */
export type AnswerPiece = { text: string; again: boolean }

/**
 * Follows one answer and tells each time what has to be added to what was shown. A repeated attempt that
 * writes the same text is awaited silently, so that its beginning is not shown twice.
 */
export class AnswerText {
  #shown = ''
  #filter = new TextFilter()

  next({ content: { text, complete } }: MessageEntry): AnswerPiece {
    if (text.startsWith(this.#shown)) return { text: this.#show(text), again: false }
    if (!complete && this.#shown.startsWith(text)) return { text: '', again: false }
    this.#shown = ''
    this.#filter = new TextFilter()
    return { text: this.#show(text), again: true }
  }

  #show(text: string): string {
    const piece = text.slice(this.#shown.length)
    this.#shown = text
    return this.#filter.push(piece)
  }
}
