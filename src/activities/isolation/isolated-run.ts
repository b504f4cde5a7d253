import type { ToolContext } from '../../toolkit/tool.ts'
import { answerAsks } from './answer-asks.ts'
import { fromCrossingError } from './crossing-error.ts'
import type { FromProcess, ToolOrder } from './protocol.ts'
import { type CrashCause, toCrashCause, ToolCrash } from './tool-crash.ts'
import type { ToolProcess } from './tool-process.ts'
import type { WrittenOutput } from '../pack-output.ts'

export type IsolatedRunOptions = {
  order: ToolOrder
  context: ToolContext
  memoryLimitMb: number
  /** The tool is loaded and begins. */
  onBegun(): void
  /** It is done: what it did has happened, and nothing interrupts any more. */
  onReturned(): void
  /** An abort means that its time is up, and not that somebody wants it to end. */
  isTimeout(): boolean
}

export type IsolatedRun = {
  /** The output; rejects with the tool's error, a `ToolCrash` or the signal's reason. */
  output: Promise<WrittenOutput>
  /** Resolves when nothing runs any more: true when the process may run something else. */
  rested: Promise<boolean>
}

/** How long a tool may take to hear that its time is up: one that takes longer never gives the processor back. */
const hearingMs = 2_000
/** How long it may take to end after it was told to, before it is killed. */
const graceMs = 1_000
/** How long a tool that is done may take to write its output down. */
const writingMs = 20_000

/**
 * Runs one order in a process. Stop and shutdown end it at once; the process is told, and is killed when it does
 * not obey. At the end of its time it is asked whether it listens: one that does not has crashed.
 */
export function startIsolatedRun(process: ToolProcess, options: IsolatedRunOptions): IsolatedRun {
  const { order, context, memoryLimitMb } = options
  const { signal } = context
  const output = Promise.withResolvers<WrittenOutput>()
  const rested = Promise.withResolvers<boolean>()
  const asks = answerAsks(context, (message) => process.send(message))
  let timer: NodeJS.Timeout | undefined
  let isDone = false

  function limit(ms: number, onLate: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(onLate, ms)
  }
  function end(isReusable: boolean): void {
    clearTimeout(timer)
    stopListening()
    asks.close()
    process.listen(undefined)
    output.reject(new Error('The process of the tool did not say how the tool has ended.'))
    rested.resolve(isReusable)
  }
  function crash(cause: CrashCause, thrown?: Error): void {
    output.reject(new ToolCrash(cause, thrown === undefined ? { memoryLimitMb } : { memoryLimitMb, thrown }))
    kill()
  }
  function kill(): void {
    process.kill()
    end(false)
  }
  function stopListening(): void {
    signal.removeEventListener('abort', onAbort)
  }

  function onAbort(): void {
    const { reason } = signal
    process.send({ kind: 'abort', message: reason instanceof Error ? reason.message : 'The tool must end.' })
    asks.close()
    // One that was done in the same moment is done.
    if (options.isTimeout()) return limit(hearingMs, () => crash({ kind: 'spun' }))
    output.reject(reason)
    limit(graceMs, kill)
  }

  function onMessage(message: FromProcess): void {
    switch (message.kind) {
      case 'begun':
        return signal.aborted ? undefined : options.onBegun()
      case 'progress':
        return context.progress(message.stage, message.fraction, message.message)
      case 'log':
        return context.log(message.message, message.fields)
      case 'ask':
        return asks.answer(message.id, message.ask)
      case 'unask':
        return asks.giveUp(message.id)
      case 'heard':
        output.reject(signal.reason)
        return limit(graceMs, kill)
      case 'returned':
        stopListening()
        options.onReturned()
        return limit(writingMs, () => crash({ kind: 'spun' }))
      case 'output': {
        const { utf8, isPlainText, totalChars } = message
        isDone = true
        output.resolve({ utf8: toBuffer(utf8), isPlainText, totalChars })
        return limit(graceMs, kill)
      }
      case 'failed':
        isDone = true
        output.reject(fromCrossingError(message.error))
        return limit(graceMs, kill)
      case 'thrown': {
        const thrown = fromCrossingError(message.error)
        // Its call has ended: nobody else will hear of it.
        if (isDone) context.log('the tool threw after its end', { err: thrown })
        return crash({ kind: 'thrown' }, thrown)
      }
      case 'rested':
        return message.isQuiet ? end(true) : kill()
    }
  }

  // Nobody may be there any more to hear how it ended.
  output.promise.catch(() => {})
  signal.addEventListener('abort', onAbort, { once: true })
  process.listen({ onMessage, onEnd: (ended) => crash(toCrashCause(ended)) })
  process.send(order)
  if (signal.aborted) onAbort()
  return { output: output.promise, rested: rested.promise }
}

/** The same bytes, not a copy. */
function toBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}
