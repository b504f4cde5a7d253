import { expect, test } from 'vitest'
import { windowAround } from '../../../src/terminal/prompts/shown-window.ts'

test.each([
  ['a short list', 0, 3, { from: 0, to: 3, above: [], below: [] }],
  ['the start of a long one', 0, 20, { from: 0, to: 5, above: [], below: ['↓ 15 more'] }],
  ['its middle', 10, 20, { from: 8, to: 13, above: ['↑ 8 more'], below: ['↓ 7 more'] }],
  ['its end', 19, 20, { from: 15, to: 20, above: ['↑ 15 more'], below: [] }],
])('shows %s', (_name, index, count, shown) => {
  expect(windowAround(index, count, 5)).toEqual(shown)
})
