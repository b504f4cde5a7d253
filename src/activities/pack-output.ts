import { AppError } from '../contracts/errors.ts'
import { inlineOutputLimitBytes, toolOutputLimitBytes, toolResultTextLimit } from '../contracts/limits.ts'
import type { ResultBytes } from '../store/results.ts'
import { storableJson, storableText } from '../store/storable-text.ts'
import type { Tool } from '../toolkit/tool.ts'
import { beginningOf } from './result-text.ts'

/**
 * What a tool has put out, written down once. A large output is held as bytes outside of the heap, and as nothing
 * else: whoever waits to store it holds no more than it weighs.
 */
export type PackedOutput =
  | { kind: 'small'; output: unknown; text: string }
  | ({ kind: 'large'; beginning: string; totalChars: number } & ResultBytes)

/**
 * Checks a tool's output against what it declares, and writes it down.
 * @throws AppError `tool_output_invalid`: a fault of the tool, whatever the model asked for; `result_too_large`
 */
export function packOutput(tool: Tool, output: unknown): PackedOutput {
  const checked = tool.output.safeParse(output)
  if (!checked.success) {
    const where = checked.error.issues.map(({ path }) => path.join('.') || 'output').join(', ')
    throw invalid(tool.name, `something else than it declares: ${where}`)
  }
  const isPlainText = typeof checked.data === 'string'
  const text = typeof checked.data === 'string' ? storableText(checked.data) : toJson(tool.name, checked.data)
  const sizeBytes = assertSize(tool.name, text)
  if (sizeBytes <= inlineOutputLimitBytes) return { kind: 'small', output: checked.data, text }
  // A slice of the text would keep the whole of it alive; text from the bytes stands for itself.
  const utf8 = Buffer.from(text)
  const beginning = beginningOf(utf8.toString('utf8', 0, toolResultTextLimit * 4))
  return { kind: 'large', utf8, isPlainText, beginning, totalChars: text.length }
}

/** The size of an output in bytes. @throws AppError `result_too_large` */
export function assertSize(what: string, text: string): number {
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes <= toolOutputLimitBytes) return sizeBytes
  throw tooLarge(what, `${sizeBytes} bytes`)
}

/** The output as JSON. @throws AppError `tool_output_invalid`, `result_too_large` */
export function toJson(what: string, output: unknown): string {
  try {
    return storableJson(output)
  } catch (error) {
    // The engine's word for a text longer than any string.
    if (error instanceof RangeError) throw tooLarge(what, 'more than 512 MB')
    throw invalid(what, 'something that cannot be written as JSON')
  }
}

function tooLarge(what: string, size: string): AppError {
  return new AppError(
    'result_too_large',
    `The result of ${what} has ${size}; at most ${toolOutputLimitBytes} are kept. ` +
      'Ask for less: a narrower range, fewer items, or one part after the other.',
  )
}

function invalid(what: string, gave: string): AppError {
  return new AppError('tool_output_invalid', `The tool ${what} returned ${gave}.`)
}
