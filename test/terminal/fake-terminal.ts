import { PassThrough, Writable } from 'node:stream'

/**
 * A terminal that keeps what stands on it: enough of one for what the chat writes, and strict about the rest.
 * Rows never fold here: what is too wide for them is noted in `overflows`.
 */
export class FakeTerminal {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  readonly stdout: Writable & { columns: number; rows: number; isTTY: boolean }
  readonly overflows: string[] = []
  /** Everything that was written. */
  written = ''
  #rows: string[] = ['']
  #row = 0
  #column = 0
  #changed = Promise.withResolvers<void>()

  constructor(columns = 80, rows = 40) {
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        this.#write(String(chunk))
        done()
      },
    })
    this.stdout = Object.assign(stream, { columns, rows, isTTY: true })
  }

  get screen(): string {
    return this.#rows.map((row) => row.trimEnd()).join('\n')
  }

  /** Types text or keys. */
  type(keys: string): void {
    this.stdin.write(keys)
  }

  /** Resolves when the text stands on the screen. */
  async shows(text: string): Promise<void> {
    while (!this.screen.includes(text)) await this.#changed.promise
  }

  /** Resolves when the text does not stand on the screen any more. */
  async hides(text: string): Promise<void> {
    while (this.screen.includes(text)) await this.#changed.promise
  }

  #write(chunk: string): void {
    this.written += chunk
    // oxlint-disable-next-line no-control-regex
    for (const [part] of chunk.matchAll(/\u001b\[[?\d;]*[A-Za-z]|[^]/gu)) this.#take(part)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #take(part: string): void {
    if (part.startsWith('\u001b')) return this.#control(part)
    if (part === '\r') this.#column = 0
    else if (part === '\n') this.#newLine()
    else this.#put(part)
  }

  #newLine(): void {
    this.#row += 1
    this.#rows[this.#row] ??= ''
  }

  #put(character: string): void {
    const row = (this.#rows[this.#row] ?? '').padEnd(this.#column)
    this.#rows[this.#row] =
      row.slice(0, this.#column) + character + row.slice(this.#column + character.length)
    this.#column += character.length
    if (this.#column > this.stdout.columns) this.overflows.push(this.#rows[this.#row] ?? '')
  }

  #control(sequence: string): void {
    const count = Number(/\d+/.exec(sequence)?.[0] ?? 1)
    switch (sequence.slice(-1)) {
      case 'A':
        this.#row = Math.max(0, this.#row - count)
        return
      case 'C':
        this.#column += count
        return
      case 'J':
        this.#rows = [...this.#rows.slice(0, this.#row), (this.#rows[this.#row] ?? '').slice(0, this.#column)]
        return
      case 'm':
      case 'h':
      case 'l':
        return
      default:
        throw new Error(`The chat never writes ${JSON.stringify(sequence)}.`)
    }
  }
}
