import { expect, test } from 'vitest'
import { z } from 'zod'

import type { PlannedCall } from '../../src/activities/planned-call.ts'
import { admitQuickCalls } from '../../src/activities/quick-calls.ts'
import { WeightedGate } from '../../src/ops/weighted-gate.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'

const tool = defineTool({
  name: 'look',
  title: () => 'Look',
  description: 'For tests.',
  effect: 'read',
  quick: true,
  uses: [],
  input: z.strictObject({}),
  output: z.unknown(),
  run: async () => 1,
})

function planned(callId: string, kind: 'quick' | 'ordinary' | 'ended'): PlannedCall {
  const row = { callId, providerCallId: callId, name: 'look', arguments: '{}' }
  if (kind === 'ended') return { row, events: [], scheduled: undefined }
  const call = { row, events: [], scheduled: scheduledCall(callId) }
  return kind === 'quick' ? { ...call, quick: { callId, tool, arguments: '{}' } } : call
}

function admit(slots: WeightedGate, ...kinds: Parameters<typeof planned>[1][]) {
  const calls = kinds.map((kind, index) => planned(`c${index}`, kind))
  return admitQuickCalls({ calls, requests: [] }, slots, 'owner')
}

test('admits calls when all that run are quick', () => {
  const slots = new WeightedGate(8)
  expect(admit(slots, 'quick', 'ended', 'quick')?.calls.map(({ callId }) => callId)).toEqual(['c0', 'c2'])
  expect(admit(slots, 'quick', 'ordinary')).toBeUndefined()
  expect(admit(slots, 'ended')).toBeUndefined()
  expect(admit(slots)).toBeUndefined()
})

test('admits them when there are slots for all, and takes these', () => {
  // One owner alone gets three quarters.
  const slots = new WeightedGate(4)
  const first = admit(slots, 'quick', 'quick')
  expect(admit(slots, 'quick', 'quick')).toBeUndefined()
  first?.leave()
  expect(admit(slots, 'quick', 'quick')).toBeDefined()
})
