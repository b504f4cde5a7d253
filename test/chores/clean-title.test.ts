import { expect, test } from 'vitest'

import { cleanTitle, cutTitle, titleLimit } from '../../src/chores/clean-title.ts'

test.each([
  ['Balances of Alice', 'Balances of Alice'],
  ['"Balances of Alice."', 'Balances of Alice'],
  ['«Guthaben von Alice»', 'Guthaben von Alice'],
  ['# **Balances** of `Alice`', 'Balances of Alice'],
  ['- Balances\nof\tAlice  ', 'Balances of Alice'],
  ['[Balances](https://evil.example) of <b>Alice</b>', 'Balances of bAlice/b'],
  ["Alice's ERC-20 tokens", "Alice's ERC-20 tokens"],
  ['Send 3.5 ETH to my_wallet', 'Send 3.5 ETH to my_wallet'],
  ['safe\u202Eevil\u202C\u200B\u0007\u001b[31m', 'safeevil31m'],
  ['价格 🦩', '价格 🦩'],
])('behavior: %j becomes one plain line', (raw, title) => {
  expect(cleanTitle(raw)).toBe(title)
})

test.each(['', '   ', '"""', '***', '\u202e\u200b', "' . '"])('error: nothing is left of %j', (raw) => {
  expect(cleanTitle(raw)).toBeUndefined()
  expect(cutTitle(raw)).toBeUndefined()
})

test('default: a short message is its own title', () => {
  expect(cutTitle('What does Alice hold?\n')).toBe('What does Alice hold?')
})

test('behavior: a long one is cut at a word, inside a long word, never inside a character', () => {
  const words = cutTitle('What does Alice hold of all the tokens that she has ever been given by Bob?')
  expect(words).toBe('What does Alice hold of all the tokens that she has ever…')
  expect(cutTitle('x'.repeat(500))).toBe(`${'x'.repeat(titleLimit - 1)}…`)
  const flamingos = cutTitle('🦩'.repeat(200)) ?? ''
  expect(flamingos.isWellFormed()).toBe(true)
  expect(flamingos.length).toBeLessThanOrEqual(titleLimit)
})
