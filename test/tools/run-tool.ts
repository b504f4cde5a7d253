import { createCompiler } from '../../src/chain/compiler.ts'
import type { ToolContext, Tool } from '../../src/toolkit/tool.ts'
import { parseInput } from '../../src/toolkit/parse-input.ts'
import { openChains } from '../chain/open-chains.ts'
import { localChain } from '../support/servers.ts'
import { noServices, toolContext } from './tool-context.ts'

/** Runs a tool on the shared local chain as an activity does: input parsed, steps through JSON, output checked. */
export async function runTool(
  tool: Tool,
  input: unknown,
  changes: Partial<ToolContext> = {},
): Promise<unknown> {
  const parsed = parseInput(tool, JSON.stringify(input))
  if (!parsed.ok) throw new Error(parsed.error.message)
  const chains = await openChains(await localChain())
  const services = { ...noServices, chain: chains.chain, compiler: createCompiler }
  const output = await runParsed(tool, parsed.input, toolContext({ services, ...changes }))
  return tool.output.parse(throughJson(output))
}

async function runParsed(tool: Tool, input: unknown, context: ToolContext): Promise<unknown> {
  if (tool.kind === 'single') return tool.run(input, context)
  if (tool.kind === 'asking') throw new Error(`${tool.name} asks a person: nothing of it runs.`)
  const outputs: Record<string, unknown> = {}
  for (const [name, step] of Object.entries(tool.steps)) {
    outputs[name] = throughJson(await step.run(input, context, { ...outputs }))
  }
  return tool.result(outputs, input)
}

// Outputs come back from the store.
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
