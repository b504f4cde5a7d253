import { Console } from 'node:console'
import { Writable } from 'node:stream'

import type { ToolContext } from '../../toolkit/tool.ts'
import type { FromProcess } from './protocol.ts'

const pauseMs = 100
const lineLimit = 1_000
const lineLimitChars = 4_000

/** What a tool says while it runs: bounded, so that one that says much is not felt by its worker. */
export class ChildReports {
  readonly #send: (message: FromProcess) => void
  readonly #outer = globalThis.console
  #isOver = false
  #lines = 0
  #next: FromProcess | undefined
  #sentAtMs = -Infinity
  #timer: NodeJS.Timeout | undefined

  constructor(send: (message: FromProcess) => void) {
    this.#send = send
    const stream = new Writable({
      decodeStrings: false,
      write: (line, _encoding, done) => {
        this.#log('written to the console', { line: String(line).trimEnd() })
        done()
      },
    })
    globalThis.console = new Console(stream)
  }

  /** For the tool's context. */
  readonly ports: Pick<ToolContext, 'progress' | 'log'> = {
    progress: (stage, fraction, message) => this.#progress(String(stage), fraction, message),
    log: (message, fields = {}) => this.#log(String(message), fields),
  }

  /** Says nothing any more: what comes now comes from something that the tool has left behind. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    globalThis.console = this.#outer
  }

  #log(message: string, fields: Record<string, unknown>): void {
    if (this.#isOver || this.#lines > lineLimit) return
    this.#lines += 1
    const isLast = this.#lines > lineLimit
    this.#send({
      kind: 'log',
      message: isLast
        ? `more than ${lineLimit} lines; the rest is dropped`
        : message.slice(0, lineLimitChars),
      fields: isLast ? {} : toPlainFields(fields),
    })
  }

  // The latest each 100 ms, by the clock: a tool that does not give the processor back has no timers.
  #progress(stage: string, fraction: number | undefined, message: string | undefined): void {
    if (this.#isOver) return
    this.#next = {
      kind: 'progress',
      stage: stage.slice(0, lineLimitChars),
      ...(fraction === undefined ? {} : { fraction: Number(fraction) }),
      ...(message === undefined ? {} : { message: String(message).slice(0, lineLimitChars) }),
    }
    const waitMs = this.#sentAtMs + pauseMs - performance.now()
    if (waitMs <= 0) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#next === undefined) return
    this.#send(this.#next)
    this.#next = undefined
    this.#sentAtMs = performance.now()
  }
}

function toPlainFields(fields: Record<string, unknown>): Record<string, unknown> {
  try {
    const json = JSON.stringify(fields)
    return json.length <= lineLimitChars ? JSON.parse(json) : { cut: json.slice(0, lineLimitChars) }
  } catch {
    return { cut: 'Fields that cannot be written as JSON.' }
  }
}
