import type { ToolError, ToolStatus } from '../contracts/tool-call.ts'
import { toErrorText } from './result-text.ts'

/** How a call ends that came to no output; a `CallEnd`. */
export type FailedEnd = {
  status: Exclude<ToolStatus, 'ok'>
  output: undefined
  error: ToolError
  text: string
}

/** Makes the end of a call without an output; the model is told of the steps that were finished before. */
export function toFailedEnd(
  status: FailedEnd['status'],
  error: ToolError,
  finishedSteps?: Readonly<Record<string, unknown>>,
): FailedEnd {
  return { status, output: undefined, error, text: toErrorText(error, finishedSteps) }
}
