import { expect, test } from 'vitest'
import { displayWidth, fitColumns, splitRows } from '../../src/terminal/display-width.ts'
import { inputRows } from '../../src/terminal/input-rows.ts'
import { wrapLine } from '../../src/terminal/wrap-line.ts'

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['…', 1],
  ['', 0],
])('measures %j', (text, columns) => {
  expect(displayWidth(text)).toBe(columns)
})

test('behavior: cuts what does not fit', () => {
  expect(fitColumns('short', 5)).toBe('short')
  expect(fitColumns('too long', 5)).toBe('too …')
  expect(fitColumns('漢字漢字', 5)).toBe('漢字…')
})

test('behavior: a wide character does not cross the edge', () => {
  expect(splitRows('a漢字', 4)).toEqual(['a漢', '字'])
})

test('wraps between words and leaves long words whole', () => {
  expect(wrapLine('one two three', 8)).toEqual(['one two', 'three'])
  const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  expect(wrapLine(`send to ${address} now`, 20)).toEqual(['send to', address, 'now'])
  expect(wrapLine('', 8)).toEqual([''])
})

test('places the cursor in a line of several rows', () => {
  const at = (text: string, cursor: number) => inputRows('› ', { text, cursor }, 10).cursor
  expect(at('', 0)).toEqual({ row: 0, column: 2 })
  expect(at('12345678', 8)).toEqual({ row: 1, column: 0 })
  expect(at('123456789', 9)).toEqual({ row: 1, column: 1 })
  expect(at('123456789', 3)).toEqual({ row: 0, column: 5 })
})
