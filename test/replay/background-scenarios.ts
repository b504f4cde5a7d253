import { callIdOf, callWorkflowIdOf } from '../../src/contracts/ids.ts'
import type { ScheduledCall } from '../../src/contracts/tool-call.ts'
import { backgroundFirst } from '../workflows/background-suite.ts'
import { type EngineConversation, success, untilCancelled } from '../workflows/engine.ts'
import { askingCall, resolution } from '../workflows/asking-call.ts'
import { askTools } from './ask-tools.ts'
import type { Scenario } from './scenarios.ts'

function callsOf({ id }: EngineConversation, count: number): string[] {
  return Array.from({ length: count }, (_, index) => callIdOf(`${id}.t1`, 0, index))
}

/** The model asks for calls that end when their gate opens; each end is told of. */
function openGated(count: number, steps: string[] = []) {
  const gate = Promise.withResolvers<void>()
  const opened: { conversation?: EngineConversation } = {}
  const end = async () => {
    await gate.promise
    return { status: 'ok' as const }
  }
  let told = 100
  return {
    release: gate.resolve,
    begin(conversation: EngineConversation): Promise<void> {
      opened.conversation = conversation
      return conversation.post('m1')
    },
    activities: {
      callModel: backgroundFirst(count, steps),
      runTool: end,
      runToolStep: end,
      wakeConversation: async ({ callId }: { callId: string }) =>
        opened.conversation?.tell(`n_${callId}`, ++told),
    },
  }
}

function ended(steps: string[] = []): Scenario {
  const { release, begin, activities } = openGated(2, steps)
  return {
    activities,
    async play(conversation) {
      await begin(conversation)
      await conversation.untilIdle(1)
      release()
      const calls = callsOf(conversation, 2)
      for (const callId of calls) await conversation.untilAsked(`wakeConversation ${callId}`)
      await conversation.post('m2')
      await conversation.untilIdle(2)
    },
    calls: (conversation) => callsOf(conversation, 2).map(callWorkflowIdOf),
  }
}

function stopped(): Scenario {
  return {
    activities: {
      callModel: (round) => (round.round === 1 ? untilCancelled() : backgroundFirst(1)(round)),
      runTool: untilCancelled,
    },
    async play(conversation) {
      const [callId = ''] = callsOf(conversation, 1)
      await conversation.post('m1')
      for (const asked of [`runTool ${callId}`, 'callModel t1 1']) await conversation.untilAsked(asked)
      await conversation.stop('t1')
      await conversation.untilIdle(1)
      await conversation.cancelCall(callId)
      await conversation.untilAsked(`wakeConversation ${callId}`)
    },
    calls: (conversation) => callsOf(conversation, 1).map(callWorkflowIdOf),
  }
}

function asked(): Scenario {
  const toAsked = (callId: string): ScheduledCall => ({ ...askingCall(callId), background: true })
  return {
    activities: {
      callModel: async ({ turnId, round }) =>
        round === 0 ? askTools([toAsked(callIdOf(turnId, 0, 0))]) : success,
      resolveRequest: async ({ requestId }) => resolution([requestId.slice(2)]),
    },
    async play(conversation) {
      const [callId = ''] = callsOf(conversation, 1)
      await conversation.post('m1')
      await conversation.untilWaiting()
      await conversation.answer(`q-${callId}`, 'yes')
      await conversation.untilIdle(1)
      await conversation.untilAsked(`wakeConversation ${callId}`)
    },
  }
}

function continuedAsNew(): Scenario {
  const { release, begin, activities } = openGated(1)
  return {
    activities,
    async play(conversation) {
      await begin(conversation)
      await conversation.untilIdle(1)
      for (let index = 0; index < 11; index++) {
        await conversation.post('m1', { padding: 'x'.repeat(100_000) })
      }
      await conversation.post('m2')
      await conversation.untilIdle(2)
      release()
      await conversation.untilIdle(3)
    },
  }
}

/** Calls that go on as workflows of their own. */
export const backgroundScenarios: Record<string, Scenario> = {
  background: ended(),
  'background-steps': ended(['one', 'two']),
  'background-stopped': stopped(),
  'background-asked': asked(),
  'background-continued-as-new': continuedAsNew(),
}
