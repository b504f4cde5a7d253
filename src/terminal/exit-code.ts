import { ProblemError } from '../client/problem-error.ts'
import { isWorthRetrying } from '../client/retry-while-unavailable.ts'
import type { TurnOutcomeKind } from '../contracts/turn.ts'

/** Exit codes of every command; documented in docs/terminal.md. */
export const exitCodes = {
  success: 0,
  /** The turn ended with an error, or something unexpected happened. */
  failed: 1,
  /** Wrong arguments, or a request that the server refuses however often it is repeated. */
  usage: 2,
  /** Not running, not reachable, or temporarily unable. */
  unavailable: 3,
  /** The turn was stopped, by Ctrl-C or by somebody else. */
  cancelled: 4,
  /** The turn met a limit, such as the number of rounds. */
  limit: 5,
  /** `--timeout` was over. */
  timeout: 6,
  /** The turn waits for a person: a permission or an answer. */
  waiting: 7,
  /** Left by Ctrl-C without waiting for the turn to stop. */
  interrupted: 130,
} as const

/** Ends a command with a message for people and an exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

export function exitCodeOfOutcome(outcome: TurnOutcomeKind): number {
  switch (outcome) {
    case 'success':
      return exitCodes.success
    case 'cancelled':
      return exitCodes.cancelled
    case 'limit':
      return exitCodes.limit
    case 'error':
      return exitCodes.failed
  }
}

export function exitCodeOfError(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode
  if (isWorthRetrying(error)) return exitCodes.unavailable
  if (error instanceof ProblemError && error.status < 500) {
    return error.status === 429 ? exitCodes.unavailable : exitCodes.usage
  }
  return exitCodes.failed
}
