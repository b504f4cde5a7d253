import { type IsolatedProcess, startIsolatedProcess, toScriptUrl } from '../../ops/isolated-process.ts'
import { fromProcess, type FromProcess, type ToProcess } from './protocol.ts'

export type ToolProcessOptions = { memoryLimitMb: number; env: Readonly<Record<string, string>> }

/** What the process holds beside the tool's own heap: Node itself, compiled code, and buffers in passing. */
const ownMemoryMb = 192

/** One process of tools, as its worker sees it: takes one run at a time. */
export class ToolProcess {
  readonly #process: IsolatedProcess
  /** Who runs in it now. */
  #listener: ((message: FromProcess) => void) | undefined
  /** Files of tools that it has loaded. */
  readonly files = new Set<string>()
  runs = 0
  isGone = false

  constructor({ memoryLimitMb, env }: ToolProcessOptions) {
    this.#process = startIsolatedProcess(toScriptUrl('tool-child', import.meta), {
      args: [String(memoryLimitMb + ownMemoryMb)],
      heapLimitMb: memoryLimitMb,
      env,
    })
    void this.ended.then(() => {
      this.isGone = true
    })
    this.#process.onMessage((message) => {
      const { data } = fromProcess.safeParse(message)
      // A tool can reach the channel as well; what it writes there is not for anybody.
      if (data !== undefined) this.#listener?.(data)
    })
  }

  get ended(): IsolatedProcess['ended'] {
    return this.#process.ended
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  listen(listener: ((message: FromProcess) => void) | undefined): void {
    this.#listener = listener
  }

  send(message: ToProcess): void {
    this.#process.send(message)
  }

  kill(): void {
    this.isGone = true
    this.#process.kill()
  }
}
