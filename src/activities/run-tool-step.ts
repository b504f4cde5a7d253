import { AppError } from '../contracts/errors.ts'
import type { ToolStepRef } from '../contracts/activity-interface.ts'
import { inlineOutputLimitBytes } from '../contracts/limits.ts'
import type { CallOutcome } from '../contracts/tool-call.ts'
import { finishStep } from '../store/tool-calls.ts'
import type { ActivityServices } from './activity-services.ts'
import { invokeStep } from './invoke-tool.ts'
import { packOutput } from './pack-output.ts'
import { eventTurnOf, stepOutputOrRef } from './tool-completed.ts'
import { runToolTry, type TryBody } from './tool-try.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

/** Runs one step of a multi-step tool; see `Activities.runToolStep`. The last one ends the call as well. */
export async function runToolStep(ref: ToolStepRef, services: ActivityServices): Promise<CallOutcome> {
  const { toolTimeoutMs, toolTries } = services.settings
  return runToolTry(
    {
      ref,
      step: { index: ref.stepIndex, name: ref.step, count: ref.stepCount },
      limits(tool) {
        const step = tool?.kind === 'stepped' ? tool.steps[ref.step] : undefined
        return { timeoutMs: step?.timeoutMs ?? toolTimeoutMs, tries: step?.tries ?? toolTries }
      },
      body: (running) => runStep(ref, running, services),
    },
    services,
  )
}

async function runStep(
  ref: ToolStepRef,
  { tool, earlier, stepDone, settleProgress, ...running }: Parameters<TryBody>[0],
  services: ActivityServices,
): ReturnType<TryBody> {
  if (tool.kind !== 'stepped' || tool.steps[ref.step] === undefined) {
    throw new AppError('tool_failed', `${tool.name} has no step ${ref.step} any more.`)
  }
  const { scope, input } = running
  const isLast = ref.stepIndex === ref.stepCount - 1
  const outputs: Record<string, unknown> = { ...earlier }
  if (!stepDone) {
    const { json, sizeBytes, read } = await invokeStep(
      { tool, ...running },
      { step: ref.step, earlier },
      services,
    )
    await settleProgress()
    // Small ones do not wait behind large ones.
    const isSmall = sizeBytes <= inlineOutputLimitBytes
    const output = isSmall || isLast ? read() : undefined
    outputs[ref.step] = output
    const leave = isSmall
      ? () => {}
      : await services.resultGate.enter(sizeBytes, scope.storing, running.context.owner)
    await untilDatabaseAnswers(scope.storing, () =>
      finishStep(services.database, ref, json, [
        {
          key: `${ref.callId}:step${ref.stepIndex}`,
          turnId: eventTurnOf(ref),
          body: {
            type: 'tool.step',
            callId: ref.callId,
            step: ref.step,
            stepIndex: ref.stepIndex,
            status: 'ok',
            ...stepOutputOrRef(ref.callId, ref.step, { output, sizeBytes }),
          },
        },
      ]),
    ).finally(leave)
  }
  if (!isLast) return { kind: 'goOn' }
  return { kind: 'output', packed: packOutput(tool, tool.result(outputs, input)) }
}
