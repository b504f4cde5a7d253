import { AppError } from '../contracts/errors.ts'
import { type IsolatedProcess, startIsolatedProcess, toScriptUrl } from '../ops/isolated-process.ts'
import type { CompilerPort } from '../toolkit/tool-services.ts'
import { compileAnswer } from './compiler-protocol.ts'
import type { CompileAnswer, CompileOrder } from './compiler-protocol.ts'
import { createSlots } from './slots.ts'
import { toCompilerInput } from './compiler-input.ts'
import { toCompiledContract } from './compiler-output.ts'

export type CompilerOptions = {
  /** Of one compilation. Default 60 s. */
  timeoutMs?: number
  /** Of the compiler's WebAssembly memory, and again of its JavaScript heap. Default 512. */
  memoryLimitMb?: number
  /** Compilations at the same time; more wait. Default 2. */
  slotCount?: number
}

/**
 * Compiles Solidity in a child process that has no environment, may write no file and start no program, and is
 * killed at its time limit or when the call's signal aborts.
 */
export function createCompiler(options: CompilerOptions = {}): CompilerPort {
  const { timeoutMs = 60_000, memoryLimitMb = 512, slotCount = 2 } = options
  const slots = createSlots(slotCount)
  return {
    async compile({ source, contract }, { signal, onStage }) {
      const order = { input: toCompilerInput(source), memoryLimitMb, timeLimitMs: timeoutMs + 1_000 }
      const answer = await slots(signal, () => runChild(order, { signal, timeoutMs, onStage }))
      if (answer.kind === 'output') return toCompiledContract(answer, contract)
      throw failed(answer.kind === 'failed' ? answer.reason : 'internal', memoryLimitMb)
    },
  }
}

type ChildOptions = {
  signal: AbortSignal
  timeoutMs: number
  onStage: ((stage: string, fraction: number) => void) | undefined
}

async function runChild(order: CompileOrder, options: ChildOptions): Promise<CompileAnswer> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([options.signal, timeout])
  const child = startChild(order.memoryLimitMb)
  const kill = () => child.kill()
  signal.addEventListener('abort', kill, { once: true })
  try {
    child.send(order)
    const answer = await waitForAnswer(child, options.onStage)
    options.signal.throwIfAborted()
    if (answer) return answer
    if (timeout.aborted) throw timedOut(options.timeoutMs)
    return { kind: 'failed', reason: 'internal' }
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}

function startChild(memoryLimitMb: number): IsolatedProcess {
  return startIsolatedProcess(toScriptUrl('compiler-child', import.meta), {
    heapLimitMb: memoryLimitMb,
    nodeOptions: ['--permission', '--allow-fs-read=*', '--allow-worker'],
  })
}

/** Resolves to nothing when the child ends without an answer. */
async function waitForAnswer(
  child: IsolatedProcess,
  onStage: ChildOptions['onStage'],
): Promise<CompileAnswer | undefined> {
  const { promise, resolve } = Promise.withResolvers<CompileAnswer>()
  child.onMessage((message) => {
    const { data } = compileAnswer.safeParse(message)
    if (data?.kind === 'stage') onStage?.(data.stage, data.fraction)
    else if (data) resolve(data)
  })
  return Promise.race([promise, child.ended.then(() => undefined)])
}

function timedOut(timeoutMs: number): AppError {
  return new AppError(
    'compile_failed',
    `The compilation took longer than ${timeoutMs / 1000} s and was stopped. ${smaller}`,
  )
}

function failed(reason: 'memory' | 'internal', memoryLimitMb: number): AppError {
  const what =
    reason === 'memory' ? `needed more than ${memoryLimitMb} MB of memory and was stopped` : 'crashed'
  return new AppError('compile_failed', `The compiler ${what}. ${smaller}`)
}

const smaller = 'Make the source smaller or split it into several contracts.'
