import { AppError } from '../../contracts/errors.ts'
import { WeightedGate } from '../../ops/weighted-gate.ts'
import type { ToolContext } from '../../toolkit/tool.ts'
import type { Interruption } from '../activity-scope.ts'
import type { WrittenOutput } from '../pack-output.ts'
import { startIsolatedRun } from './isolated-run.ts'
import { ToolCrash } from './tool-crash.ts'
import { ToolProcess, type ToolProcessOptions } from './tool-process.ts'

/** A run of a tool, or of one of its steps, outside of the worker. */
export type IsolatedCall = {
  /** The file of the tool. */
  file: string
  step?: string
  input: unknown
  earlier?: Readonly<Record<string, unknown>>
  context: ToolContext
  /** Of a conversation that names none. */
  defaultChainId: number
  interruption(): Interruption | undefined
  onBegun(): void
  onReturned(): void
}

/** The processes in which a worker runs tools that must not be felt by anything else. */
export interface ToolProcesses {
  /**
   * Runs a call in a process of its own. Rejects with the tool's error, a `ToolCrash`, or the reason of the
   * context's signal: at once, whatever the tool does.
   */
  run(call: IsolatedCall): Promise<WrittenOutput>
  /** Has a process ready, so that the first call does not wait for one. */
  warm(): void
  /** Ends every process. */
  close(): Promise<void>
}

/** Processes that wait for the next call; those beyond end when there was none for a while. */
const keptCount = 2
const idleMs = 10_000
/** Of one process: what tools leave behind in it is bounded. */
const runLimit = 200
/**
 * A process begins with half a second of computing, and two dozen that begin together are felt by every turn. So they
 * do one after the other, owners in turn; but nobody waits longer than this for one that has not begun.
 */
const beginningMs = 1_000
/** Nor does anybody wait longer than this to begin, however many are before it. */
const longestWaitMs = 15_000

/** Opens the processes: as many as calls run at once, none before the first is needed. */
export function openToolProcesses(options: ToolProcessOptions): ToolProcesses {
  const { memoryLimitMb } = options
  const living = new Set<ToolProcess>()
  /** The one that ran last is the last. */
  let idle: ToolProcess[] = []
  const closing = new AbortController()
  const beginnings = new WeightedGate(1)

  /** Waits until a process may begin; resolves with what is to be called when it has. */
  async function untilMayBegin({ signal, owner }: ToolContext): Promise<() => void> {
    const patience = AbortSignal.timeout(longestWaitMs)
    const ends = AbortSignal.any([signal, closing.signal])
    const leave = await beginnings.enter(1, AbortSignal.any([ends, patience]), owner).catch(() => {
      ends.throwIfAborted()
      return () => {}
    })
    const timer = setTimeout(leave, beginningMs)
    return () => {
      clearTimeout(timer)
      leave()
    }
  }

  function start(): ToolProcess {
    const process = new ToolProcess(options)
    living.add(process)
    void process.ended.then(() => {
      living.delete(process)
      idle = idle.filter((other) => other !== process)
    })
    return process
  }

  /** One that waits and has loaded the file. */
  function findReady(file: string): ToolProcess | undefined {
    return idle.findLast(({ files, isGone }) => files.has(file) && !isGone)
  }

  function take(file: string): ToolProcess {
    idle = idle.filter(({ isGone }) => !isGone)
    const process = findReady(file) ?? idle.at(-1) ?? start()
    idle = idle.filter((other) => other !== process)
    process.files.add(file)
    process.runs += 1
    return process
  }

  function giveBack(process: ToolProcess, isReusable: boolean): void {
    if (closing.signal.aborted) return
    if (isReusable && process.runs < runLimit) rest(process)
    else process.kill()
    // The next call should not wait for what this one has done.
    if ([...living].every(({ isGone }) => isGone)) rest(start())
  }

  function rest(process: ToolProcess): void {
    idle.push(process)
    if (idle.length <= keptCount) return
    const { runs } = process
    setTimeout(() => {
      if (process.runs === runs && idle.length > keptCount) process.kill()
    }, idleMs).unref()
  }

  return {
    warm() {
      if (living.size === 0) rest(start())
    },
    async run({
      file,
      step,
      input,
      earlier = {},
      context,
      defaultChainId,
      interruption,
      onBegun,
      onReturned,
    }) {
      context.signal.throwIfAborted()
      const leave = findReady(file) === undefined ? await untilMayBegin(context) : () => {}
      const { owner, wallet, chainId, conversationId, callId, idempotencyKey } = context
      const process = take(file)
      const { output, rested } = startIsolatedRun(process, {
        order: {
          kind: 'order',
          file,
          ...(step === undefined ? {} : { step }),
          input: JSON.stringify(input),
          earlier: Buffer.from(JSON.stringify(earlier)),
          defaultChainId,
          facts: {
            owner,
            ...(wallet === undefined ? {} : { wallet }),
            chainId,
            conversationId,
            callId,
            idempotencyKey,
          },
        },
        context,
        memoryLimitMb,
        isTimeout: () => interruption() === 'timeout',
        onBegun() {
          leave()
          onBegun()
        },
        onReturned,
      })
      void rested.then((isReusable) => {
        leave()
        giveBack(process, isReusable)
      })
      return output.catch((error: unknown) => {
        if (!closing.signal.aborted || !(error instanceof ToolCrash)) throw error
        throw new AppError('shutting_down', 'The worker has ended the process of the tool.')
      })
    },
    async close() {
      closing.abort(new AppError('shutting_down', 'The worker ends.'))
      await Promise.all(
        [...living].map(async (process) => {
          process.kill()
          await process.ended
        }),
      )
    },
  }
}
