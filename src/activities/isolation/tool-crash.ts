import type { ProcessEnd } from '../../ops/isolated-process.ts'

/** How a tool has ended its process. */
export type CrashCause =
  | { kind: 'spun' }
  | { kind: 'exited'; code: number }
  | { kind: 'thrown' }
  | { kind: 'memory' }
  | { kind: 'signal'; signal: NodeJS.Signals }
  | { kind: 'absent' }

/** The tool took its process with it. The message is for the model; what exactly was thrown is for the log. */
export class ToolCrash extends Error {
  override readonly name = 'ToolCrash'
  readonly kind: CrashCause['kind']
  constructor(cause: CrashCause, { memoryLimitMb, thrown }: { memoryLimitMb: number; thrown?: Error }) {
    super(describeCrash(cause, memoryLimitMb), thrown === undefined ? undefined : { cause: thrown })
    this.kind = cause.kind
  }
}

/** What the end of a process says about its cause. */
export function toCrashCause({ code, signal }: ProcessEnd): CrashCause {
  if (code !== null) return { kind: 'exited', code }
  if (signal === null) return { kind: 'absent' }
  // The watchdog's own and the system's when memory is short, then those of the JavaScript engine.
  if (memorySignals.includes(signal)) return { kind: 'memory' }
  return { kind: 'signal', signal }
}

const memorySignals: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGABRT', 'SIGTRAP', 'SIGILL']

function describeCrash(cause: CrashCause, memoryLimitMb: number): string {
  switch (cause.kind) {
    case 'spun':
      return `The tool did not give the processor back until its time was up, and was ended. ${askForLess}`
    case 'memory':
      return `The tool took more than the ${memoryLimitMb} MB of memory that it may, and was ended. ${askForLess}`
    case 'exited':
      return `The tool ended its own process, with exit code ${cause.code}. ${faulty}`
    case 'thrown':
      return `The tool threw an error outside of its call, where nothing can catch it. ${faulty}`
    case 'signal':
      return `The process of the tool was ended by ${cause.signal}. ${faulty}`
    case 'absent':
      return 'No process could be started for the tool. Try again later.'
  }
}

const askForLess = 'Ask for less at once: a narrower range, fewer items, or one part after the other.'
const faulty = 'This is a fault of the tool, not of its input: go on without it.'
