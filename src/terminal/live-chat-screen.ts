import { type ConversationView, emptyView } from '../client/conversation-view.ts'
import { chatRows, type ChatStatus } from './chat-rows.ts'
import type { ChatScreen } from './chat-screen.ts'
import { splitRows } from './display-width.ts'
import { inputRows } from './input-rows.ts'
import type { LineEditor } from './line-editor.ts'
import { LiveRegion, type TerminalStream } from './live-region.ts'
import type { Narration } from './narrator.ts'
import type { Palette } from './palette.ts'
import { livePromptRows } from './prompts/live-prompt-rows.ts'
import type { PromptKeys } from './prompts/prompt-keys.ts'
import { statusRow } from './status-row.ts'
import { wrapLine } from './wrap-line.ts'

/** Frames are drawn at most this often, and this often while something moves; in milliseconds. */
const frameMs = 40
const spinnerMs = 100

export type LiveChatParts = {
  stream: TerminalStream
  editor: LineEditor
  palette: Palette
  /** Who gets the keys as of this moment. */
  keysGoTo: () => PromptKeys['owner']
}

/** A chat in a terminal: finished lines scroll away, the rest and the prompt are redrawn below them. */
export class LiveChatScreen implements ChatScreen {
  readonly #parts: LiveChatParts
  readonly #region: LiveRegion
  #view = emptyView
  #status: ChatStatus | undefined
  #committed: string[] = []
  /** The answer's last line, which is not complete yet. */
  #partial = ''
  #frame: NodeJS.Timeout | undefined
  readonly #spinner: NodeJS.Timeout

  constructor(parts: LiveChatParts) {
    this.#parts = parts
    this.#region = new LiveRegion(parts.stream)
    parts.editor.onChange = () => this.#schedule()
    parts.stream.on('resize', () => this.#schedule())
    this.#spinner = setInterval(() => this.#moves && this.#schedule(), spinnerMs)
  }

  get columns(): number {
    return this.#region.columns
  }

  show(narration: Narration): void {
    switch (narration.kind) {
      case 'answer':
        this.#addAnswer(narration.text)
        break
      case 'answerEnd':
        this.#endAnswer()
        break
      case 'line':
        this.#endAnswer()
        this.#addLines(narration.text)
        break
      case 'aside':
        // Above the row that is being written.
        this.#addLines(narration.text)
    }
    this.#schedule()
  }

  refresh(view: ConversationView, status: ChatStatus): void {
    this.#view = view
    this.#status = status
    this.#schedule()
  }

  /** Draws everything again, after another program had the terminal. */
  redraw(): void {
    this.#region.forget()
    this.#schedule()
  }

  close(): void {
    clearInterval(this.#spinner)
    clearTimeout(this.#frame)
    this.#endAnswer()
    this.#region.update(this.#committed, { rows: [] })
    this.#region.erase()
  }

  get #moves(): boolean {
    return this.#view.turn !== undefined || this.#status?.prompt !== undefined
  }

  #addLines(text: string): void {
    this.#committed.push(...text.split('\n').flatMap((line) => wrapLine(line, this.columns - 1)))
  }

  #addAnswer(text: string): void {
    const [last = '', ...earlier] = `${this.#partial}${text}`.split('\n').toReversed()
    const width = this.columns - 1
    this.#committed.push(...earlier.toReversed().flatMap((line) => wrapLine(line, width)))
    const rows = wrapLine(last, width)
    this.#committed.push(...rows.slice(0, -1))
    this.#partial = rows.at(-1) ?? ''
  }

  #endAnswer(): void {
    if (this.#partial !== '') this.#committed.push(this.#partial)
    this.#partial = ''
  }

  #schedule(): void {
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined
      this.#draw()
    }, frameMs)
  }

  #draw(): void {
    const { columns } = this
    const { palette, editor, keysGoTo } = this.#parts
    const owner = keysGoTo()
    const nowMs = Date.now()
    const options = { palette, columns, nowMs, answering: this.#partial !== '' }
    const lines = this.#region.lines
    const rows = [
      ...(this.#partial === '' ? [] : splitRows(this.#partial, columns)),
      ...(this.#status ? chatRows(this.#view, this.#status, options) : []),
      ...(this.#status ? livePromptRows(this.#status, owner, { palette, columns, lines, nowMs }) : []),
      '',
    ]
    const input = inputRows(owner === 'question' ? 'answer › ' : '› ', editor, columns)
    const cursor = { row: rows.length + input.cursor.row, column: input.cursor.column }
    const status = statusRow(this.#view, this.#status?.nextModel, columns)
    const below = status === '' ? [] : [palette.dim(status)]
    this.#region.update(this.#committed.splice(0), { rows: [...rows, ...input.rows, ...below], cursor })
  }
}
