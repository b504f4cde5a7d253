import type { BackgroundCall } from '../contracts/activity-interface.ts'
import { workflowIdOf } from '../contracts/ids.ts'
import type { CallProgressTable } from './call-progress.ts'
import type { Engine } from './engine.ts'
import { runToolCall } from './tool-call.ts'

/** What a background call needs from the world. */
export type BackgroundEngine = Pick<
  Engine,
  'runTool' | 'runToolStep' | 'failToolCall' | 'wakeConversation' | 'shield' | 'classify' | 'describe'
>

/** Runs a call that nobody waits for to its end, and has its conversation tell the model of it. */
export async function runBackgroundCall(
  { call, ...ref }: BackgroundCall,
  calls: CallProgressTable,
  engine: BackgroundEngine,
): Promise<void> {
  const describe = () => engine.describe(toDetails(ref, calls))
  calls.beginCall(call)
  describe()
  const outcome = await runToolCall(call, {
    ask: () => Promise.reject(new Error('A background call was allowed before it started.')),
    runTool: (wanted) => engine.runTool(ref, wanted),
    runToolStep: (wanted, stepIndex) => engine.runToolStep(ref, wanted, stepIndex),
    runInBackground: () => Promise.reject(new Error('A background call does not start another one.')),
    failToolCall: (_, failure) => engine.shield(() => engine.failToolCall({ ...ref, ...failure })),
    onWait: () => {},
    onRun: () => {},
    onStep(wanted, stepIndex) {
      calls.beginStep(wanted, stepIndex)
      describe()
    },
    classify: (error) => engine.classify(error),
  })
  calls.endCall(call, outcome)
  describe()
  await engine.shield(async () => {
    // A cancelled activity may not have come to write the end; where it has, this one does nothing.
    if (outcome.status === 'cancelled') {
      await engine.failToolCall({ ...ref, status: 'cancelled', code: 'stopped' })
    }
    await engine.wakeConversation(ref)
  })
}

/** Who waits for what, for the Temporal UI. */
function toDetails(
  { conversationId, turnId, callId }: Omit<BackgroundCall, 'call'>,
  calls: CallProgressTable,
) {
  const [progress] = calls.answer().calls
  return [
    `**${progress?.status ?? 'running'}**`,
    `Call \`${callId}\`, asked for in turn \`${turnId}\``,
    ...calls.describe(),
    `\`${workflowIdOf(conversationId)}\` is told of its end`,
  ].join('\n\n')
}
