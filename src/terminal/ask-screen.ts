import type { ConversationView } from '../client/conversation-view.ts'
import { isRunning } from './chat-rows.ts'
import { LiveRegion, type TerminalStream } from './live-region.ts'
import type { Narration } from './narrator.ts'
import type { Palette } from './palette.ts'
import { spinnerAt, toolRow } from './tool-row.ts'

/** Shows one turn: the answer on stdout and nothing else there; tools and remarks on stderr. */
export class AskScreen {
  readonly #stdout: TerminalStream
  readonly #stderr: TerminalStream
  readonly #palette: Palette
  readonly #region: LiveRegion | undefined
  /** The answer's last character. */
  #tail = ''
  /** Remarks that wait for the end of the answer's line. */
  #held: string[] = []

  constructor(stdout: TerminalStream, stderr: TerminalStream, palette: Palette) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#palette = palette
    this.#region = stderr.isTTY ? new LiveRegion(stderr) : undefined
  }

  get drawsInPlace(): boolean {
    return this.#region !== undefined
  }

  get columns(): number {
    return this.#region?.columns ?? 200
  }

  show(narration: Narration): void {
    switch (narration.kind) {
      case 'answer':
        this.#region?.erase()
        this.#stdout.write(narration.text)
        this.#tail = narration.text.slice(-1)
        return
      case 'answerEnd':
        return this.#endLine()
      case 'line':
      case 'aside':
        return this.line(narration.text)
    }
  }

  line(text: string): void {
    this.#region?.erase()
    // On one terminal a remark must not stand in the middle of the answer's line.
    if (this.#stdout.isTTY && this.#tail !== '' && this.#tail !== '\n') this.#held.push(text)
    else this.#stderr.write(`${text}\n`)
  }

  /** Draws running tools in place; not while an answer is being written on the same terminal. */
  draw(view: ConversationView, nowMs: number): void {
    if (!this.#region || (this.#stdout.isTTY && this.#tail !== '')) return
    const running = view.entries.filter(isRunning)
    const options = { palette: this.#palette, columns: this.columns, nowMs }
    const rows = running.map((call) => toolRow(call, options))
    const idle = view.turn ? [this.#palette.dim(`${spinnerAt(nowMs)} ${view.state}`)] : []
    const shown = rows.length > 0 ? rows : idle
    if (shown.length === 0) this.#region.erase()
    else this.#region.update([], { rows: shown })
  }

  close(): void {
    this.#region?.erase()
    this.#endLine()
  }

  #endLine(): void {
    if (this.#tail !== '' && this.#tail !== '\n') this.#stdout.write('\n')
    this.#tail = ''
    for (const text of this.#held.splice(0)) this.#stderr.write(`${text}\n`)
  }
}
