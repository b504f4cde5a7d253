import { createInterface, emitKeypressEvents, type Interface, type Key } from 'node:readline'
import { PassThrough, type Readable, Writable } from 'node:stream'

/** Where keys come from: a terminal, or what behaves like one. */
export type KeySource = Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown }

export type LineEditorListeners = {
  line: (text: string) => void
  interrupt: () => void
  end: () => void
  /** Asked first about each key that was pressed, not pasted; true: the line does not get it. */
  key: (key: Key) => boolean
  /** The program was stopped with Ctrl-Z and goes on; what stood on the screen may be gone. */
  resumed: () => void
}

/** Escape alone is told from the start of a sequence by the silence behind it, in milliseconds. */
const escapeMs = 50

/** What a person types, edited with the usual keys; drawing it is the screen's job. */
export class LineEditor {
  readonly #source: KeySource
  readonly #readline: Interface
  readonly #onKeypress: (text: string | undefined, key: Key) => void
  onChange: () => void = () => {}

  constructor(source: KeySource, on: LineEditorListeners) {
    // readline gets what is left of the keys, and wants to draw the line itself; its drawing goes nowhere.
    const keys = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => source.setRawMode?.(raw) })
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    this.#source = source
    this.#readline = createInterface({
      input: keys,
      output: nowhere,
      terminal: true,
      historySize: 200,
      escapeCodeTimeout: escapeMs,
    })
    this.#readline.on('line', on.line)
    this.#readline.on('close', on.end)
    this.#readline.on('SIGINT', on.interrupt)
    this.#readline.on('SIGCONT', () => {
      // readline has paused itself, and waits to be asked.
      this.#readline.resume()
      on.resumed()
    })
    keys.on('keypress', () => this.onChange())
    let pasting = false
    this.#onKeypress = (_text, key) => {
      if (key.name === 'paste-start' || key.name === 'paste-end') pasting = key.name === 'paste-start'
      else if (pasting || !on.key(key)) keys.write(key.sequence ?? '')
      else this.onChange()
    }
    emitKeypressEvents(source, this.#readline)
    source.on('keypress', this.#onKeypress)
    source.on('end', on.end)
  }

  get text(): string {
    return this.#readline.line
  }

  get cursor(): number {
    return this.#readline.cursor
  }

  /** Replaces the line; the cursor stands behind it. */
  set(text: string): void {
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    if (text !== '') this.#readline.write(text)
    this.onChange()
  }

  clear(): void {
    this.set('')
  }

  close(): void {
    this.#source.off('keypress', this.#onKeypress)
    this.#readline.close()
    this.#source.pause()
  }
}
