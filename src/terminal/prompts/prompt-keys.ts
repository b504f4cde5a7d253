import type { Key } from 'node:readline'
import { toPlainLine } from '../text-filter.ts'
import { currentQuestion, type QuestionPrompt } from './question-prompt.ts'
import type { RequestDesk } from './request-desk.ts'

/** The line that is being typed. */
export type TypedLine = { readonly text: string; set(text: string): void }

/** Keys that are pressed just after a prompt has opened were meant for something else, in milliseconds. */
const armAfterMs = 500

/**
 * Decides what a key is for: the prompt or the line. A prompt gets keys only while nothing is typed, and not
 * in its first moment; otherwise a person who writes a message would allow something without having seen it.
 */
export class PromptKeys {
  readonly #desk: RequestDesk
  readonly #line: TypedLine
  readonly #now: () => number
  #requestId: string | undefined
  #armedAtMs = Infinity
  /** The text question that the line belongs to, and what was put there for it. */
  #filled: { question: string; shown: string; text: string } | undefined

  constructor(desk: RequestDesk, line: TypedLine, now: () => number = Date.now) {
    this.#desk = desk
    this.#line = line
    this.#now = now
  }

  /**
   * Who gets the next key: the prompt, the line as the answer to a text question, or the line. `soon`: still
   * the line, the prompt in a moment.
   */
  get owner(): 'prompt' | 'question' | 'line' | 'soon' {
    const soon = this.#now() < this.#armedAtMs
    if (this.#filled !== undefined) return soon ? 'soon' : 'question'
    if (this.#requestId === undefined || this.#line.text !== '') return 'line'
    return soon ? 'soon' : 'prompt'
  }

  /** After every change of the prompt or of the line. */
  sync(): void {
    const { prompt } = this.#desk
    if (prompt?.request.requestId !== this.#requestId) {
      this.#requestId = prompt?.request.requestId
      this.#armedAtMs = Infinity
    }
    if (prompt && this.#armedAtMs === Infinity && (this.#filled !== undefined || this.#line.text === '')) {
      this.#armedAtMs = this.#now() + armAfterMs
    }
    this.#fill(prompt?.kind === 'question' ? prompt : undefined)
  }

  /** True when the key was for the prompt. */
  press(key: Key): boolean {
    this.sync()
    const { owner } = this
    return (owner === 'prompt' || owner === 'question') && this.#desk.press(key)
  }

  /**
   * True when the line was the answer to a question; in the words that were put there, if unchanged. A line
   * never gives a permission: it may have been pasted.
   */
  async enter(line: string): Promise<boolean> {
    if (this.#now() < this.#armedAtMs) return false
    if (this.#filled === undefined) return this.#desk.prompt?.kind === 'question' && this.#desk.enter(line)
    const { shown, text } = this.#filled
    return this.#desk.enterText(line === shown ? text : line)
  }

  /** The line belongs to the open text question from when it was empty until the question is left. */
  #fill(prompt: QuestionPrompt | undefined): void {
    const question = prompt && currentQuestion(prompt)
    const id = question?.kind === 'text' ? `${prompt?.request.requestId} ${question.id}` : undefined
    if (id === this.#filled?.question) return
    if (this.#filled !== undefined) {
      this.#filled = undefined
      this.#line.set('')
    }
    if (id === undefined || question === undefined || this.#line.text !== '') return
    const answer = prompt?.answers[question.id]
    const text = typeof answer === 'string' ? answer : ''
    const shown = toPlainLine(text)
    this.#filled = { question: id, shown, text }
    this.#line.set(shown)
  }
}
