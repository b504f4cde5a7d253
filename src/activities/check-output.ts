import { AppError } from '../contracts/errors.ts'
import { toolOutputLimitBytes } from '../contracts/limits.ts'
import type { Tool } from '../toolkit/tool.ts'

/** @throws AppError `tool_output_invalid`: a fault of the tool, whatever the model asked for */
export function checkOutput(tool: Tool, output: unknown): unknown {
  const sizeBytes = Buffer.byteLength(JSON.stringify(output) ?? '')
  if (sizeBytes > toolOutputLimitBytes) {
    throw new AppError(
      'tool_output_invalid',
      `The tool ${tool.name} returned ${sizeBytes} bytes; at most ${toolOutputLimitBytes} are kept. Ask for less.`,
    )
  }
  const checked = tool.output.safeParse(output)
  if (checked.success) return checked.data
  const where = checked.error.issues.map(({ path }) => path.join('.') || 'output').join(', ')
  throw new AppError(
    'tool_output_invalid',
    `The tool ${tool.name} returned something else than it declares: ${where}.`,
  )
}
