import { AppError } from '../contracts/errors.ts'
import type { ToolCallRef } from '../contracts/activity-interface.ts'
import type { CallOutcome } from '../contracts/tool-call.ts'
import { untilDone } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { packOutput } from './pack-output.ts'
import { runToolTry, type TryBody } from './tool-try.ts'

/** Runs a tool with a single `run`; see `Activities.runTool`. */
export async function runTool(ref: ToolCallRef, services: ActivityServices): Promise<CallOutcome> {
  const { toolTimeoutMs, toolTries } = services.settings
  return runToolTry(
    {
      ref,
      step: null,
      limits: (tool) => ({ timeoutMs: tool?.timeoutMs ?? toolTimeoutMs, tries: tool?.tries ?? toolTries }),
      body: createRun(services),
    },
    services,
  )
}

/** What a try of a tool with a single `run` does. */
export function createRun({ loopBreath }: Pick<ActivityServices, 'loopBreath'>): TryBody {
  return async ({ tool, input, context, scope }) => {
    if (tool.kind !== 'single') throw new AppError('tool_failed', `${tool.name} has steps now.`)
    const output = await untilDone(tool.run(input, context), scope)
    const packed = await loopBreath.work(() => packOutput(tool, output))
    return { kind: 'output', packed }
  }
}
