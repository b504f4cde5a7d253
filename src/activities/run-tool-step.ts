import { AppError } from '../contracts/errors.ts'
import type { ToolStepRef } from '../contracts/activity-interface.ts'
import { inlineOutputLimitBytes } from '../contracts/limits.ts'
import type { CallOutcome } from '../contracts/tool-call.ts'
import { finishStep } from '../store/tool-calls.ts'
import type { ToolStep } from '../toolkit/tool.ts'
import { untilDone } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { assertSize, packOutput, toJson } from './pack-output.ts'
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
  { tool, input, context, earlier, stepDone, scope, settleProgress }: Parameters<TryBody>[0],
  services: ActivityServices,
): ReturnType<TryBody> {
  const step: ToolStep<unknown> | undefined = tool.kind === 'stepped' ? tool.steps[ref.step] : undefined
  if (tool.kind !== 'stepped' || step === undefined) {
    throw new AppError('tool_failed', `${tool.name} has no step ${ref.step} any more.`)
  }
  const outputs: Record<string, unknown> = { ...earlier }
  if (!stepDone) {
    const output = (await untilDone(step.run(input, context, earlier), scope)) ?? null
    const what = `${tool.name}, step ${ref.step}`
    const json = await services.loopBreath.work(() => toJson(what, output))
    const sizeBytes = assertSize(what, json)
    await settleProgress()
    outputs[ref.step] = output
    // Small ones do not wait behind large ones.
    const isSmall = sizeBytes <= inlineOutputLimitBytes
    const leave = isSmall ? () => {} : await services.resultGate.enter(sizeBytes, scope.storing)
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
  if (ref.stepIndex < ref.stepCount - 1) return { kind: 'goOn' }
  return { kind: 'output', packed: packOutput(tool, tool.result(outputs, input)) }
}
