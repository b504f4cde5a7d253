import { expect, test } from 'vitest'

import { OutputMeter } from '../../src/activities/output-meter.ts'
import { loadTokenCounter } from '../../src/models/token-counter.ts'

const estimate = await loadTokenCounter({ model: 'scripted' })
const exact = await loadTokenCounter({ model: 'gpt-5-mini' })

test('everything below the limit passes, and is counted', () => {
  const meter = new OutputMeter(estimate, 100)
  expect([
    meter.take('text', 'ten bytes.'),
    meter.take('reasoning', 'ten bytes.'),
    meter.take('calls', '{}'),
  ]).toEqual(['ten bytes.', 'ten bytes.', '{}'])
  expect(meter.count()).toBe(4 + 4 + 1)
})

test('behavior: without a limit everything passes', () => {
  const meter = new OutputMeter(estimate)
  const text = 'x'.repeat(100_000)
  expect(meter.take('text', text)).toBe(text)
  expect(meter.count()).toBe(40_000)
})

test.for([
  ['estimated', estimate],
  ['counted', exact],
] as const)('behavior: %s pieces pass up to the limit and never beyond', ([, counter]) => {
  for (const limit of [1, 7, 64, 501]) {
    const meter = new OutputMeter(counter, limit)
    let passed = ''
    for (let piece = 0; piece < 2_000; piece += 1) {
      const delta = ` word${piece} 你好🙂`
      const fitting = meter.take(piece % 3 === 0 ? 'reasoning' : 'text', delta)
      passed += fitting
      expect(delta.startsWith(fitting)).toBe(true)
      if (fitting !== delta) break
    }
    expect(meter.count()).toBeLessThanOrEqual(limit)
    expect(meter.count()).toBeGreaterThan(limit - 8)
    expect(passed.isWellFormed()).toBe(true)
  }
})

test('behavior: one piece larger than the limit is cut inside', () => {
  const meter = new OutputMeter(exact, 50)
  const fitting = meter.take('text', 'many words '.repeat(5_000))
  expect(exact.count(fitting)).toBe(50)
  expect(meter.take('text', ' and more')).toBe('')
})

test('behavior: the arguments of calls count as well', () => {
  const meter = new OutputMeter(estimate, 10)
  expect(meter.take('text', 'x'.repeat(20))).toHaveLength(20)
  expect(meter.take('calls', 'y'.repeat(20))).toHaveLength(5)
})
