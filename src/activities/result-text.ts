import { toolResultTextLimit } from '../contracts/limits.ts'
import type { ToolError } from '../contracts/tool-call.ts'

/** A tool's output as the model reads it, cut with a word about the cut. */
export function toResultText(output: unknown): string {
  const text = typeof output === 'string' ? output : JSON.stringify(output ?? null)
  if (text.length <= toolResultTextLimit) return text
  return `${text.slice(0, toolResultTextLimit)}\n[cut: ${text.length} characters in all]`
}

/** A tool's error as the model reads it, with what steps before it have done: that need not be done again. */
export function toErrorText(error: ToolError, finishedSteps: Readonly<Record<string, unknown>> = {}): string {
  if (Object.keys(finishedSteps).length === 0) return JSON.stringify({ error })
  return toResultText({ error, finishedSteps })
}
