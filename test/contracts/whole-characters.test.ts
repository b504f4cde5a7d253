import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isInsideCharacter, wholeBeginning } from '../../src/contracts/whole-characters.ts'

test('a text is cut between characters, never inside one', () => {
  const text = 'a🦊b'
  expect([0, 1, 2, 3, 4, 9].map((length) => wholeBeginning(text, length))).toEqual([
    '',
    'a',
    'a',
    'a🦊',
    'a🦊b',
    'a🦊b',
  ])
})

test('behavior: a first half at the end waits for the other', () => {
  expect(wholeBeginning('a\ud83e', 2)).toBe('a')
  expect(isInsideCharacter('a\ud83e', 2)).toBe(true)
  expect(isInsideCharacter('\ud83eb', 1)).toBe(false)
  expect([0, 1, 2].map((index) => isInsideCharacter('', index))).toEqual([false, false, false])
})

test('behavior: whatever well-formed text is cut, both parts are well-formed, and one unit is missing at most', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '🦊', '𐍈') })
  fc.assert(
    fc.property(text, fc.nat(40), (whole, length) => {
      const beginning = wholeBeginning(whole, length)
      expect(whole.startsWith(beginning)).toBe(true)
      expect([beginning, whole.slice(beginning.length)].every((part) => part.isWellFormed())).toBe(true)
      const wanted = Math.min(length, whole.length)
      expect([wanted, wanted - 1]).toContain(beginning.length)
    }),
  )
})
