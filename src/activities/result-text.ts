import { toolResultTextLimit } from '../contracts/limits.ts'
import type { ToolError } from '../contracts/tool-call.ts'

/** A tool's output as the model reads it, cut with a word about the cut. */
export function toResultText(output: unknown): string {
  const text = typeof output === 'string' ? output : JSON.stringify(output ?? null)
  if (text.length <= toolResultTextLimit) return text
  return `${text.slice(0, toolResultTextLimit)}\n[cut: ${text.length} characters in all]`
}

/** A tool's error as the model reads it. */
export function toErrorText(error: ToolError): string {
  return JSON.stringify({ error })
}
