import type { CallId } from '../contracts/ids.ts'
import { toolResultTextLimit } from '../contracts/limits.ts'
import type { ToolError } from '../contracts/tool-call.ts'
import { wholeBeginning } from '../contracts/whole-characters.ts'

/** A result that is stored whole, of which the model is given the beginning. */
export type CutResult = {
  callId: CallId
  beginning: string
  totalChars: number
  /** The model has `read_result`. */
  readsOn: boolean
}

/**
 * The beginning of a result, with a word about the rest. The call is named without its conversation, so that the
 * words hold in a copy of the conversation as well.
 */
export function toCutText({ callId, beginning, totalChars, readsOn }: CutResult): string {
  const rest = JSON.stringify({ callId: shortCallId(callId), offset: beginning.length })
  const how = readsOn ? ` Read on with read_result ${rest}; with "find" it searches the whole.` : ''
  return `${beginning}\n[cut: the first ${beginning.length} of ${totalChars} characters.${how}]`
}

/** A text that is stored nowhere else, cut with a word about the cut. */
function toBoundedText(text: string): string {
  const beginning = beginningOf(text)
  return beginning.length === text.length ? text : `${beginning}\n[cut: ${text.length} characters in all]`
}

/** As much of a text as the model is given of one result; never half a character. */
export function beginningOf(text: string): string {
  return text.length <= toolResultTextLimit ? text : wholeBeginning(text, toolResultTextLimit)
}

/** A tool's error as the model reads it, with what steps before it have done: that need not be done again. */
export function toErrorText(error: ToolError, finishedSteps: Readonly<Record<string, unknown>> = {}): string {
  if (Object.keys(finishedSteps).length === 0) return toBoundedText(JSON.stringify({ error }))
  return toBoundedText(JSON.stringify({ error, finishedSteps }))
}

/** The id of a call inside its conversation, as `t3.r0.c1`. */
function shortCallId(callId: CallId): string {
  return callId.slice(callId.indexOf('.') + 1)
}
