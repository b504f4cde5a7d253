import { success, untilCancelled } from '../workflows/engine.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'
import { askTools } from './ask-tools.ts'
import type { Scenario } from './scenarios.ts'

/** Conversations that are summed up. */
export const compactionScenarios: Record<string, Scenario> = {
  compacted: {
    activities: {
      async callModel({ round, compacted }) {
        if (compacted === undefined) return { kind: 'compact' }
        return round === 0 ? askTools([scheduledCall('a')]) : success
      },
      compactHistory: async () => ({ kind: 'nothing' }),
    },
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilIdle(1)
    },
  },
  'compaction-stopped': {
    activities: {
      callModel: async ({ turnId }) => (turnId.endsWith('t1') ? { kind: 'compact' } : success),
      compactHistory: untilCancelled,
    },
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('compactHistory t1 0')
      await conversation.stop('t1')
      await conversation.untilIdle(1)
      await conversation.post('m2')
      await conversation.untilIdle(2)
    },
  },
  'compaction-asked': {
    activities: {},
    async play(conversation) {
      await conversation.compact('k1')
      await conversation.untilIdle(1)
      await conversation.post('m2')
      for (const asking of ['k3', 'k4']) await conversation.compact(asking)
      await conversation.untilIdle(3)
    },
  },
}
