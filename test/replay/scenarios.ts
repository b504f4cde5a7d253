import { type Engine, type EngineConversation, success, untilCancelled } from '../workflows/engine.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'
import { backgroundScenarios } from './background-scenarios.ts'
import { compactionScenarios } from './compaction-scenarios.ts'
import { peopleScenarios } from './people-scenarios.ts'
import { askTools } from './ask-tools.ts'

/** One conversation whose history is kept: what its activities do, and what happens to it. */
export type Scenario = {
  activities: Parameters<Engine['open']>[0]
  /** Resolves when the history is worth keeping. */
  play(conversation: EngineConversation): Promise<void>
  /** Ids of other workflows whose histories are kept as well, once they have ended. */
  calls?(conversation: EngineConversation): string[]
}

const calls = [scheduledCall('a'), scheduledCall('b'), scheduledCall('c')]
const late = Promise.withResolvers<void>()
const stepped = scheduledCall('s', ['one', 'two', 'three'])

async function playTurns(conversation: EngineConversation, turns: number): Promise<void> {
  for (let turn = 1; turn <= turns; turn++) {
    await conversation.post(`m${turn}`)
    await conversation.untilIdle(turn)
  }
}

/** By the name of the file that keeps the history. */
export const scenarios: Record<string, Scenario> = {
  'simple-turn': { activities: {}, play: (conversation) => playTurns(conversation, 2) },
  'parallel-tools': {
    activities: { callModel: async ({ round }) => (round === 0 ? askTools(calls) : success) },
    play: (conversation) => playTurns(conversation, 1),
  },
  steps: {
    activities: {
      callModel: async ({ round }) => (round === 0 ? askTools([stepped, scheduledCall('a')]) : success),
      runToolStep: async ({ step }) => ({ status: step === 'three' ? 'error' : 'ok' }),
    },
    play: (conversation) => playTurns(conversation, 1),
  },
  cancelled: {
    activities: {
      callModel: async ({ round, turnId }) => {
        return turnId.endsWith('t1') && round === 0 ? askTools(calls) : success
      },
      runTool: untilCancelled,
    },
    async play(conversation) {
      await conversation.post('m1')
      await Promise.all(['a', 'b', 'c'].map((callId) => conversation.untilAsked(`runTool ${callId}`)))
      await conversation.stop('t1')
      await conversation.untilIdle(1)
      await conversation.post('m2')
      await conversation.untilIdle(2)
    },
  },
  // Activities that went on by themselves, and a message that came too late to join one of their rounds.
  'ran-on': {
    activities: {
      callModel: async ({ turnId, round }) => {
        if (turnId.endsWith('t2')) return success
        if (round === 0) return { ...askTools([scheduledCall('a')]), round: 2, ran: ['time_now: ok'] }
        return { ...success, ran: ['time_now: ok'], unjoined: ['m2'] }
      },
      runTool: async () => {
        await late.promise
        return { status: 'ok' }
      },
    },
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('runTool a')
      await conversation.post('m2', { busyPolicy: 'steer' })
      late.resolve()
      await conversation.untilIdle(2)
    },
  },
  'queued-messages': {
    activities: {
      callModel: async ({ turnId, round }) => {
        return turnId.endsWith('t1') && round === 0 ? askTools([stepped]) : success
      },
    },
    async play(conversation) {
      for (const message of ['m2', 'm1', 'm3', 'm2']) await conversation.post(message)
      await conversation.untilIdle(3)
    },
  },
  'too-many-rounds': {
    activities: { callModel: async () => askTools([]) },
    play: (conversation) => playTurns(conversation, 1),
  },
  // The run that continue-as-new started: it begins with a carried turn, a queue and what was seen.
  'continued-as-new': {
    activities: {
      callModel: async ({ round }) => (round < 3 ? askTools(calls) : success),
      runTool: async () => ({ status: 'ok' }),
    },
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('callModel t1 0')
      for (let index = 0; index < 11; index++) await conversation.post('m1', { padding: 'x'.repeat(100_000) })
      await conversation.post('m2')
      await conversation.untilIdle(2)
    },
  },
  ...peopleScenarios,
  ...compactionScenarios,
  ...backgroundScenarios,
}
