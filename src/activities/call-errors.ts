/** What the model is told of a call that came to no output, whoever ends it. */
import type { ToolError } from '../contracts/tool-call.ts'

export const stoppedError: ToolError = {
  code: 'stopped',
  message: 'The user stopped the turn.',
  retryable: true,
}

/** Of a call that is stopped by itself. */
export const stoppedCallError: ToolError = {
  code: 'stopped',
  message: 'The user stopped the call.',
  retryable: true,
}

/** A fault of which the model can learn nothing more; the operator finds it in the log. */
export const failedError: ToolError = {
  code: 'tool_failed',
  message: 'The tool failed. This is a fault of the tool, not of its input.',
  retryable: false,
}

export function toDeniedError({ reason }: { reason: string }): ToolError {
  return { code: 'permission_denied', message: reason, retryable: false }
}
