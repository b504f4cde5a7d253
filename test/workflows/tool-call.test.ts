import { expect, test } from 'vitest'

import type { CallOutcome } from '../../src/contracts/tool-call.ts'
import { runToolCall, type ToolCallPorts } from '../../src/workflows/tool-call.ts'
import { scheduledCall } from './scheduled-call.ts'

const stopped = new Error('stopped')

/** Ports whose tools end well; keeps what was asked, in order. */
function recordingPorts(changes: Partial<ToolCallPorts> = {}) {
  const asked: string[] = []
  const ports: ToolCallPorts = {
    async runTool({ callId }) {
      asked.push(`run ${callId}`)
      return { status: 'ok' }
    },
    async runToolStep(_, stepIndex) {
      asked.push(`step ${stepIndex}`)
      return { status: 'ok' }
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
  expect(asked).toEqual(['run a'])
})

test('behavior: runs steps in order, each after it was announced', async () => {
  const { asked, ports } = recordingPorts()
  await runToolCall(scheduledCall('a', ['compile', 'simulate']), ports)
  expect(asked).toEqual(['on 0', 'step 0', 'on 1', 'step 1'])
})

test.for<CallOutcome>([{ status: 'error' }, { status: 'cancelled' }, { status: 'timeout' }])(
  'behavior: a step with status $status ends the call, later ones do not run',
  async (outcome) => {
    const { asked, ports } = recordingPorts({ runToolStep: async () => outcome })
    expect(await runToolCall(scheduledCall('a', ['one', 'two']), ports)).toEqual(outcome)
    expect(asked).toEqual(['on 0'])
  },
)

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
  expect(asked).toEqual(['fail error tool_failed'])
})

test('error: a cancelled call writes nothing: the turn ends it', async () => {
  const { asked, ports } = recordingPorts({ runTool: () => Promise.reject(stopped) })
  expect(await runToolCall(scheduledCall('a'), ports)).toEqual({ status: 'cancelled' })
  expect(asked).toEqual([])
})

test('error: a result that cannot be written fails the turn', async () => {
  const { ports } = recordingPorts({
    runTool: () => Promise.reject(new Error('crash')),
    failToolCall: () => Promise.reject(new Error('store')),
  })
  await expect(runToolCall(scheduledCall('a'), ports)).rejects.toThrow('store')
})
