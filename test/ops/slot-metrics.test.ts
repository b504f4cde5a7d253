import { Registry } from 'prom-client'
import { expect, test } from 'vitest'

import { measureSlots } from '../../src/ops/slot-metrics.ts'

test('tells how full each kind of slots is, and how many owners wait for one', async () => {
  const registry = new Registry()
  measureSlots(registry, () => [
    { name: 'activity', limit: 1_000, used: 40 },
    { name: 'tool', limit: 32, used: 24, waiting: { count: 76, owners: 1, longestMs: 2_500 } },
  ])
  const samples = (await registry.metrics())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(samples).toEqual([
    'perdura_slots{slots="activity"} 1000',
    'perdura_slots{slots="tool"} 32',
    'perdura_slots_used{slots="activity"} 40',
    'perdura_slots_used{slots="tool"} 24',
    'perdura_slots_waiting{slots="tool"} 76',
    'perdura_slots_waiting_owners{slots="tool"} 1',
    'perdura_slots_longest_wait_seconds{slots="tool"} 2.5',
  ])
})
