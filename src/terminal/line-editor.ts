import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** What a person types, edited with the usual keys; drawing it is the screen's job. */
export class LineEditor {
  readonly #readline: Interface
  onChange: () => void = () => {}

  constructor(
    input: ReadStream,
    on: { line: (text: string) => void; interrupt: () => void; end: () => void },
  ) {
    // readline wants to draw the line itself; its drawing goes nowhere.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    this.#readline = createInterface({ input, output: nowhere, terminal: true, historySize: 200 })
    this.#readline.on('line', on.line)
    this.#readline.on('close', on.end)
    this.#readline.on('SIGINT', on.interrupt)
    input.on('keypress', () => this.onChange())
  }

  get text(): string {
    return this.#readline.line
  }

  get cursor(): number {
    return this.#readline.cursor
  }

  clear(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.onChange()
  }

  close(): void {
    this.#readline.close()
  }
}
