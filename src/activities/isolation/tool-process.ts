import {
  type IsolatedProcess,
  type ProcessEnd,
  startIsolatedProcess,
  toScriptUrl,
} from '../../ops/isolated-process.ts'
import { fromProcess, type FromProcess, type ToProcess } from './protocol.ts'

export type ToolProcessOptions = { memoryLimitMb: number; env: Readonly<Record<string, string>> }

export type ProcessListener = { onMessage(message: FromProcess): void; onEnd(end: ProcessEnd): void }

/** What the process holds beside the tool's own heap: Node itself, compiled code, and buffers in passing. */
const ownMemoryMb = 192

/** One process of tools, as its worker sees it: takes one run at a time. */
export class ToolProcess {
  readonly #process: IsolatedProcess
  #listener: ProcessListener | undefined
  /** Files of tools that it has loaded. */
  readonly files = new Set<string>()
  runs = 0
  isGone = false

  constructor({ memoryLimitMb, env }: ToolProcessOptions) {
    this.#process = startIsolatedProcess(toScriptUrl('tool-child', import.meta), {
      args: [String(memoryLimitMb + ownMemoryMb)],
      heapLimitMb: memoryLimitMb,
      // A tool that fills its heap would have it swept by as many threads as there are processors.
      nodeOptions: ['--v8-pool-size=1'],
      env,
    })
    void this.ended.then((end) => {
      this.isGone = true
      this.#listener?.onEnd(end)
    })
    this.#process.onMessage((message) => {
      const { data } = fromProcess.safeParse(message)
      // A tool can reach the channel as well; what it writes there is not for anybody.
      if (data !== undefined) this.#listener?.onMessage(data)
    })
  }

  get ended(): IsolatedProcess['ended'] {
    return this.#process.ended
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Tells the run that is in it now, and nobody else: what an earlier one has put out would be held with it. */
  listen(listener: ProcessListener | undefined): void {
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
