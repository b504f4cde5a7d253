import type { Tool, ToolContext } from '../toolkit/tool.ts'
import { type ActivityScope, untilDone } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { toPackedOutput, type PackedOutput, packOutput, writeStepOutput } from './pack-output.ts'

/** One run of a tool's own code. */
export type Invocation<Kind extends Tool = Tool> = {
  tool: Kind
  input: unknown
  context: ToolContext
  scope: ActivityScope
  timeoutMs: number
}

/** What a step has put out, as JSON. */
export type StepOutput = { json: string; sizeBytes: number; read(): unknown }

/** How long the process of a tool may wait to begin, begin and load it; none of it is the tool's own time. */
const loadingMs = 40_000

/**
 * Runs a tool with a single `run`, in a process of its own when it is to be isolated, and writes its output down.
 * Ends with the tool or with an interruption, whichever is first.
 */
export async function invokeTool(
  invocation: Invocation<Extract<Tool, { kind: 'single' }>>,
  services: ActivityServices,
): Promise<PackedOutput> {
  const { tool, input, context, scope } = invocation
  const { loopBreath } = services
  const file = services.isolatedTools.get(tool.name)
  if (file === undefined) {
    const output = await untilDone(tool.run(input, context), scope)
    return loopBreath.work(() => packOutput(tool, output))
  }
  const written = await invokeIsolated(invocation, { file }, services)
  return loopBreath.work(() => toPackedOutput(written))
}

/** The same of one step. */
export async function invokeStep(
  invocation: Invocation<Extract<Tool, { kind: 'stepped' }>>,
  { step, earlier }: { step: string; earlier: Readonly<Record<string, unknown>> },
  services: ActivityServices,
): Promise<StepOutput> {
  const { tool, input, context, scope } = invocation
  const file = services.isolatedTools.get(tool.name)
  if (file !== undefined) {
    const { utf8 } = await invokeIsolated(invocation, { file, step, earlier }, services)
    const json = await services.loopBreath.work(() => utf8.toString())
    return { json, sizeBytes: utf8.length, read: () => JSON.parse(json) }
  }
  const run = tool.steps[step]?.run(input, context, earlier)
  const output = (await untilDone(Promise.resolve(run), scope)) ?? null
  const { utf8 } = await services.loopBreath.work(() => writeStepOutput(tool, step, output))
  return { json: utf8.toString(), sizeBytes: utf8.length, read: () => output }
}

async function invokeIsolated(
  { input, context, scope, timeoutMs }: Invocation,
  what: { file: string; step?: string; earlier?: Readonly<Record<string, unknown>> },
  { toolProcesses, settings }: ActivityServices,
) {
  scope.limitTime(loadingMs + timeoutMs)
  return toolProcesses.run({
    ...what,
    input,
    context,
    defaultChainId: settings.defaultChainId,
    interruption: () => scope.interruption(),
    onBegun: () => scope.limitTime(timeoutMs),
    onReturned: () => scope.endTimeLimit(),
  })
}
