import { AppError } from '../contracts/errors.ts'
import { inlineOutputLimitBytes, toolOutputLimitBytes, toolResultTextLimit } from '../contracts/limits.ts'
import type { ResultBytes } from '../store/results.ts'
import { storableJson, storableText } from '../store/storable-text.ts'
import type { Tool } from '../toolkit/tool.ts'
import { beginningOf } from './result-text.ts'

/** An output as text, written down once: bytes outside of the heap, and nothing else of it. */
export type WrittenOutput = ResultBytes & { totalChars: number }

/**
 * What a tool has put out. A large output is held as bytes, and as nothing else: whoever waits to store it holds no
 * more than it weighs.
 */
export type PackedOutput =
  | { kind: 'small'; output: unknown; text: string }
  | ({ kind: 'large'; beginning: string } & WrittenOutput)

/**
 * Checks a tool's output against what it declares, and writes it down.
 * @throws AppError `tool_output_invalid`: a fault of the tool, whatever the model asked for; `result_too_large`
 */
export function packOutput(tool: Tool, output: unknown): PackedOutput {
  return toPackedOutput(writeOutput(tool, output))
}

/** The same, for handing it to another process. */
export function writeOutput(tool: Tool, output: unknown): WrittenOutput {
  const checked = tool.output.safeParse(output)
  if (!checked.success) {
    const where = checked.error.issues.map(({ path }) => path.join('.') || 'output').join(', ')
    throw invalid(tool.name, `something else than it declares: ${where}`)
  }
  const isPlainText = typeof checked.data === 'string'
  const text = typeof checked.data === 'string' ? storableText(checked.data) : toJson(tool.name, checked.data)
  return write(tool.name, text, isPlainText)
}

/** Writes the output of a step down, as JSON. @throws AppError `tool_output_invalid`, `result_too_large` */
export function writeStepOutput(tool: Tool, step: string, output: unknown): WrittenOutput {
  const what = `${tool.name}, step ${step}`
  return write(what, toJson(what, output), false)
}

export function toPackedOutput(written: WrittenOutput): PackedOutput {
  const { utf8, isPlainText } = written
  if (utf8.length <= inlineOutputLimitBytes) {
    const text = utf8.toString()
    return { kind: 'small', output: isPlainText ? text : JSON.parse(text), text }
  }
  // A slice of the text would keep the whole of it alive; text from the bytes stands for itself.
  return {
    kind: 'large',
    beginning: beginningOf(utf8.toString('utf8', 0, toolResultTextLimit * 4)),
    ...written,
  }
}

function write(what: string, text: string, isPlainText: boolean): WrittenOutput {
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes > toolOutputLimitBytes) throw tooLarge(what, `${sizeBytes} bytes`)
  return { utf8: Buffer.from(text), isPlainText, totalChars: text.length }
}

function toJson(what: string, output: unknown): string {
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
