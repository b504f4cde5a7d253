import { type ConversationView, emptyView } from '../client/conversation-view.ts'
import { chatRows, type ChatStatus } from './chat-rows.ts'
import type { ChatScreen } from './chat-screen.ts'
import { splitRows } from './display-width.ts'
import { inputRows } from './input-rows.ts'
import type { LineEditor } from './line-editor.ts'
import { LiveRegion, type TerminalStream } from './live-region.ts'
import type { Narration } from './narrator.ts'
import type { Palette } from './palette.ts'
import { wrapLine } from './wrap-line.ts'

/** Frames are drawn at most this often, and this often while something moves; in milliseconds. */
const frameMs = 40
const spinnerMs = 100

/** A chat in a terminal: finished lines scroll away, the rest and the prompt are redrawn below them. */
export class LiveChatScreen implements ChatScreen {
  readonly #region: LiveRegion
  readonly #editor: LineEditor
  readonly #palette: Palette
  #view = emptyView
  #status: ChatStatus = { sending: [], stopping: false, connection: 'good' }
  #committed: string[] = []
  /** The answer's last line, which is not complete yet. */
  #partial = ''
  #frame: NodeJS.Timeout | undefined
  readonly #spinner: NodeJS.Timeout

  constructor(stream: TerminalStream, editor: LineEditor, palette: Palette) {
    this.#region = new LiveRegion(stream)
    this.#editor = editor
    this.#palette = palette
    editor.onChange = () => this.#schedule()
    stream.on('resize', () => this.#schedule())
    this.#spinner = setInterval(() => this.#view.turn && this.#schedule(), spinnerMs)
  }

  get columns(): number {
    return this.#region.columns
  }

  show(narration: Narration): void {
    if (narration.kind === 'answer') this.#addAnswer(narration.text)
    else this.#endAnswer()
    if (narration.kind === 'line') this.#committed.push(narration.text)
    this.#schedule()
  }

  refresh(view: ConversationView, status: ChatStatus): void {
    this.#view = view
    this.#status = status
    this.#schedule()
  }

  close(): void {
    clearInterval(this.#spinner)
    clearTimeout(this.#frame)
    this.#endAnswer()
    this.#region.update(this.#committed, { rows: [] })
    this.#region.erase()
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
    const options = { palette: this.#palette, columns, nowMs: Date.now(), answering: this.#partial !== '' }
    const rows = [
      ...(this.#partial === '' ? [] : splitRows(this.#partial, columns)),
      ...chatRows(this.#view, this.#status, options),
      '',
    ]
    const input = inputRows('› ', this.#editor, columns)
    const cursor = { row: rows.length + input.cursor.row, column: input.cursor.column }
    this.#region.update(this.#committed.splice(0), { rows: [...rows, ...input.rows], cursor })
  }
}
