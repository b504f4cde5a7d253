import { ApplicationFailure } from '@temporalio/common'

import type { Activities } from '../../src/contracts/activity-interface.ts'
import type { ScheduledCall } from '../../src/contracts/tool-call.ts'
import { askingCall, resolution } from '../workflows/asking-call.ts'
import { type EngineConversation, success, untilCancelled } from '../workflows/engine.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'
import { askTools } from './ask-tools.ts'
import type { Scenario } from './scenarios.ts'

/** Asks for these calls in the first round of the first turn. */
function asksFirst(...calls: ScheduledCall[]): Pick<Activities, 'callModel'> {
  return {
    callModel: async ({ turnId, round }) =>
      turnId.endsWith('t1') && round === 0 ? askTools(calls) : success,
  }
}

async function untilWaiting(conversation: EngineConversation): Promise<void> {
  await conversation.post('m1')
  await conversation.untilWaiting()
}

/** Keeps tool `a` running until the turn is stopped or steered. */
function openBusy() {
  const gate = Promise.withResolvers<void>()
  return {
    release: gate.resolve,
    activities: {
      ...asksFirst(scheduledCall('a')),
      async runTool() {
        await Promise.race([gate.promise, untilCancelled()])
        return { status: 'ok' as const }
      },
    },
  }
}

function steered(): Scenario {
  const { release, activities } = openBusy()
  return {
    activities,
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('runTool a')
      await conversation.post('m2')
      for (const id of ['m3', 'm4']) await conversation.post(id, { busyPolicy: 'steer' })
      await conversation.withdraw('m4')
      release()
      await conversation.untilIdle(2)
    },
  }
}

function interrupted(): Scenario {
  return {
    activities: openBusy().activities,
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('runTool a')
      await conversation.post('m2')
      await Promise.all(['m3', 'm4'].map((id) => conversation.post(id, { busyPolicy: 'interrupt' })))
      await conversation.untilIdle(4)
    },
  }
}

function askedWhileRunning(): Scenario {
  let tries = 0
  return {
    activities: {
      ...asksFirst(scheduledCall('a', ['one', 'two'])),
      async runToolStep() {
        const { request } = askingCall('a')
        tries += 1
        return tries === 1 && request !== undefined ? { status: 'waiting', request } : { status: 'ok' }
      },
      resolveRequest: async () => resolution(['a']),
    },
    async play(conversation) {
      await untilWaiting(conversation)
      await conversation.answer('q-a', 'yes')
      await conversation.untilIdle(1)
    },
  }
}

/** People in the loop: requests, and messages that come while a turn runs. */
export const peopleScenarios: Record<string, Scenario> = {
  requests: {
    activities: {
      ...asksFirst(
        askingCall('a', { requestId: 'p' }),
        askingCall('b', { requestId: 'p' }),
        askingCall('c', { kind: 'question' }),
        scheduledCall('d', ['one', 'two']),
      ),
      resolveRequest: async ({ requestId }) =>
        requestId === 'p'
          ? { calls: { ...resolution(['a']).calls, ...resolution(['b'], 'denied').calls } }
          : resolution(['c'], 'ok'),
    },
    async play(conversation) {
      await untilWaiting(conversation)
      await conversation.answer('q-c', 'answer-c', 'answered')
      await conversation.answer('p', 'answer-p')
      await conversation.untilIdle(1)
    },
  },
  'request-expired': {
    activities: {
      ...asksFirst(askingCall('a', { ttlMs: 200 }), askingCall('b')),
      resolveRequest: async ({ requestId }) => resolution([requestId.slice(2)], 'denied'),
    },
    async play(conversation) {
      await conversation.post('m1')
      await conversation.untilAsked('resolveRequest q-a null')
      await conversation.answer('q-b', 'no', 'rejected')
      await conversation.untilIdle(1)
    },
  },
  'asked-while-running': askedWhileRunning(),
  'stopped-while-waiting': {
    activities: asksFirst(askingCall('a'), askingCall('b', { kind: 'question' })),
    async play(conversation) {
      await untilWaiting(conversation)
      await conversation.post('m2')
      await conversation.stop('t1')
      await conversation.untilIdle(2)
    },
  },
  'stopped-as-a-tool-fails': {
    activities: {
      ...asksFirst(scheduledCall('a'), scheduledCall('b')),
      async runTool({ callId }) {
        if (callId === 'b') return untilCancelled()
        await untilCancelled().catch(() => {})
        throw ApplicationFailure.nonRetryable('tool_crashed', 'tool_crashed')
      },
    },
    async play(conversation) {
      await conversation.post('m1')
      await Promise.all(['a', 'b'].map((callId) => conversation.untilAsked(`runTool ${callId}`)))
      await conversation.post('m2')
      await conversation.stop('t1')
      await conversation.untilIdle(2)
    },
  },
  steered: steered(),
  interrupted: interrupted(),
  // The run that ends while it waits, and the one that begins with waiting.
  'waiting-continued-as-new': {
    activities: {
      ...asksFirst(scheduledCall('a'), askingCall('b'), askingCall('c', { kind: 'question' })),
      resolveRequest: async ({ requestId }) => resolution([requestId.slice(2)]),
    },
    async play(conversation) {
      await untilWaiting(conversation)
      const { runId } = await conversation.handle.describe()
      for (let index = 0; index < 11; index++) {
        await conversation.post('m1', { padding: 'x'.repeat(100_000) })
      }
      await conversation.post('m2', { busyPolicy: 'steer' })
      while ((await conversation.handle.describe()).runId === runId) await conversation.post('m1')
      for (const callId of ['b', 'c']) await conversation.answer(`q-${callId}`, `yes-${callId}`)
      await conversation.untilIdle(1)
    },
  },
}
