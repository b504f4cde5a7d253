import { expect, test } from 'vitest'

import type { RequestRef } from '../../src/contracts/human-request.ts'
import type { CallOutcome } from '../../src/contracts/tool-call.ts'
import { runToolCall, type ToolCallPorts } from '../../src/workflows/tool-call.ts'
import { scheduledCall } from './scheduled-call.ts'

const stopped = new Error('stopped')
const permission: RequestRef = { requestId: 'p', kind: 'permission', expiresAtMs: 1_000 }
const waiting = { ...scheduledCall('a'), request: permission }

/** Ports whose tools end well; keeps what was asked, in order. */
function recordingPorts(changes: Partial<ToolCallPorts> = {}) {
  const asked: string[] = []
  const ports: ToolCallPorts = {
    async ask({ requestId }) {
      asked.push(`ask ${requestId}`)
      return { calls: { a: 'run' } }
    },
    onWait: (_, { requestId }) => asked.push(`on wait ${requestId}`),
    onRun: ({ callId }) => asked.push(`on run ${callId}`),
    async runTool({ callId }) {
      asked.push(`run ${callId}`)
      return { status: 'ok' }
    },
    async runToolStep(_, stepIndex) {
      asked.push(`step ${stepIndex}`)
      return { status: 'ok' }
    },
    async runInBackground({ callId }) {
      asked.push(`background ${callId}`)
      return { status: 'running' }
    },
    async failToolCall(_, { status, code }) {
      asked.push(`fail ${status} ${code}`)
      return { status }
    },
    onStep: (_, stepIndex) => asked.push(`on ${stepIndex}`),
    classify: (error) => (error === stopped ? 'cancelled' : { status: 'error', code: 'tool_failed' }),
    ...changes,
  }
  return { asked, ports }
}

test('runs a tool without steps once', async () => {
  const { asked, ports } = recordingPorts()
  expect(await runToolCall(scheduledCall('a'), ports)).toEqual({ status: 'ok' })
  expect(asked).toEqual(['on run a', 'run a'])
})

test('behavior: runs steps in order, each after it was announced', async () => {
  const { asked, ports } = recordingPorts()
  await runToolCall(scheduledCall('a', ['compile', 'simulate']), ports)
  expect(asked).toEqual(['on run a', 'on 0', 'step 0', 'on 1', 'step 1'])
})

test.for<CallOutcome>([{ status: 'error' }, { status: 'cancelled' }, { status: 'timeout' }])(
  'behavior: a step with status $status ends the call, later ones do not run',
  async (outcome) => {
    const { asked, ports } = recordingPorts({ runToolStep: async () => outcome })
    expect(await runToolCall(scheduledCall('a', ['one', 'two']), ports)).toEqual(outcome)
    expect(asked).toEqual(['on run a', 'on 0'])
  },
)

test('behavior: a call that a person must allow runs after the answer', async () => {
  const { asked, ports } = recordingPorts()
  expect(await runToolCall(waiting, ports)).toEqual({ status: 'ok' })
  expect(asked).toEqual(['on wait p', 'ask p', 'on run a', 'run a'])
})

test.for(['ok', 'denied', 'error', 'timeout'] as const)(
  'behavior: a call that the answer ended with %s does not run',
  async (status) => {
    const { asked, ports } = recordingPorts({ ask: async () => ({ calls: { a: status, b: 'run' } }) })
    expect(await runToolCall(waiting, ports)).toEqual({ status })
    expect(asked).toEqual(['on wait p'])
  },
)

test('behavior: a call of which the resolution knows nothing is over', async () => {
  const { asked, ports } = recordingPorts({ ask: async () => ({ calls: {} }) })
  expect(await runToolCall(waiting, ports)).toEqual({ status: 'cancelled' })
  expect(asked).toEqual(['on wait p'])
})

test('behavior: a call that is parked waits on for the same request', async () => {
  const { asked, ports } = recordingPorts({ ask: async () => 'parked' })
  expect(await runToolCall(waiting, ports)).toEqual({ status: 'waiting', request: permission })
  expect(asked).toEqual(['on wait p'])
})

test('behavior: a tool that finds its grant gone asks, and runs again from its first step', async () => {
  const outcomes: CallOutcome[] = [{ status: 'waiting', request: permission }]
  const { asked, ports } = recordingPorts({
    runToolStep: async (_, stepIndex) => {
      asked.push(`step ${stepIndex}`)
      return outcomes.shift() ?? { status: 'ok' }
    },
  })
  expect(await runToolCall(scheduledCall('a', ['one', 'two']), ports)).toEqual({ status: 'ok' })
  expect(asked).toEqual([
    'on run a',
    'on 0',
    'step 0',
    'on wait p',
    'ask p',
    'on run a',
    'on 0',
    'step 0',
    'on 1',
    'step 1',
  ])
})

test('behavior: a Stop while it waits cancels the call', async () => {
  const { asked, ports } = recordingPorts({ ask: () => Promise.reject(stopped) })
  expect(await runToolCall(waiting, ports)).toEqual({ status: 'cancelled' })
  expect(asked).toEqual(['on wait p'])
})

test('behavior: the status that stands in the store is the one that is told', async () => {
  const { ports } = recordingPorts({
    runTool: () => Promise.reject(new Error('lost')),
    failToolCall: async () => ({ status: 'ok' }),
  })
  expect(await runToolCall(scheduledCall('a'), ports)).toEqual({ status: 'ok' })
})

test('error: an activity that failed for good gets its result written', async () => {
  const { asked, ports } = recordingPorts({ runTool: () => Promise.reject(new Error('crash')) })
  expect(await runToolCall(scheduledCall('a'), ports)).toEqual({ status: 'error' })
  expect(asked).toEqual(['on run a', 'fail error tool_failed'])
})

test('error: a cancelled call writes nothing: the turn ends it', async () => {
  const { asked, ports } = recordingPorts({ runTool: () => Promise.reject(stopped) })
  expect(await runToolCall(scheduledCall('a'), ports)).toEqual({ status: 'cancelled' })
  expect(asked).toEqual(['on run a'])
})

test('error: a result that cannot be written fails the turn', async () => {
  const { ports } = recordingPorts({
    runTool: () => Promise.reject(new Error('crash')),
    failToolCall: () => Promise.reject(new Error('store')),
  })
  await expect(runToolCall(scheduledCall('a'), ports)).rejects.toThrow('store')
})
