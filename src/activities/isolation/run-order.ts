import { AppError } from '../../contracts/errors.ts'
import { loadTool } from '../../toolkit/load-tools.ts'
import type { Tool, ToolContext } from '../../toolkit/tool.ts'
import type { ToolServices } from '../../toolkit/tool-services.ts'
import { writeOutput, writeStepOutput, type WrittenOutput } from '../pack-output.ts'
import { ChildReports } from './child-reports.ts'
import { toCrossingError } from './crossing-error.ts'
import type { FromProcess, ToolOrder } from './protocol.ts'

export type OrderPorts = {
  /** Resolves when it is written. */
  tell(message: FromProcess): Promise<void>
  signal: AbortSignal
  services: ToolServices
}

/** Runs one call, or one step of it, inside the process of a tool, and tells how it has ended. Never rejects. */
export async function runOrder(order: ToolOrder, { tell, signal, services }: OrderPorts): Promise<void> {
  const reports = new ChildReports((message) => void tell(message))
  try {
    const tool = await load(order.file)
    const context = { signal, services, ...order.facts, ...reports.ports }
    void tell({ kind: 'begun' })
    const output = await invoke(tool, order, context)
    void tell({ kind: 'returned' })
    await tell({ kind: 'output', ...write(tool, order.step, output) })
  } catch (error) {
    await tell({ kind: 'failed', error: toCrossingError(error) })
  } finally {
    reports.close()
  }
}

async function load(file: string): Promise<Tool> {
  try {
    return await loadTool(file)
  } catch (cause) {
    // The worker has loaded it: nothing that a model could do anything about.
    throw new Error(`A tool that was loaded at the start cannot be loaded any more: ${String(cause)}`)
  }
}

async function invoke(
  tool: Tool,
  { step, input, earlier }: ToolOrder,
  context: ToolContext,
): Promise<unknown> {
  const value: unknown = JSON.parse(input)
  if (step === undefined) {
    if (tool.kind !== 'single') throw new AppError('tool_failed', `${tool.name} has no run any more.`)
    return tool.run(value, context)
  }
  const found = tool.kind === 'stepped' ? tool.steps[step] : undefined
  if (found === undefined) throw new AppError('tool_failed', `${tool.name} has no step ${step} any more.`)
  return found.run(value, context, JSON.parse(Buffer.from(earlier).toString()))
}

function write(tool: Tool, step: string | undefined, output: unknown): WrittenOutput {
  return step === undefined ? writeOutput(tool, output) : writeStepOutput(tool, step, output)
}
