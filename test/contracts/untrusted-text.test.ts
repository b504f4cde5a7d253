import { expect, test } from 'vitest'

import { cleanUntrustedText } from '../../src/contracts/untrusted-text.ts'

test('leaves plain text alone', () => {
  expect(cleanUntrustedText('Perdura Dollar', 64)).toEqual({
    text: 'Perdura Dollar',
    removed: 0,
    isCut: false,
  })
})

test('behavior: letters, marks and pictures of any script stay', () => {
  const text = 'Доллар 円 é 🪙'
  expect(cleanUntrustedText(text, 64).text).toBe(text)
})

test.each([
  ['bidi override', 'US\u202eDC'],
  ['bidi isolate', 'US\u2066DC'],
  ['zero-width space', 'US\u200bDC'],
  ['zero-width joiner', 'US\u200dDC'],
  ['byte order mark', 'US\ufeffDC'],
  ['soft hyphen', 'US\u00adDC'],
  ['escape', 'US\u001bDC'],
  ['null', 'US\0DC'],
  ['line break', 'US\nDC'],
  ['line separator', 'US\u2028DC'],
  ['tag character', 'US\u{e0041}DC'],
  ['variation selector', 'US\ufe0fDC'],
  ['hangul filler', 'US\u3164DC'],
  ['braille blank', 'US\u2800DC'],
  ['lone surrogate', 'US\ud800DC'],
])('behavior: a %s is taken out and counted', (_what, text) => {
  expect(cleanUntrustedText(text, 16)).toEqual({ text: 'USDC', removed: 1, isCut: false })
})

test('behavior: a text over its limit is cut and says so', () => {
  const { text, isCut } = cleanUntrustedText('x'.repeat(17), 16)
  expect(text).toBe(`${'x'.repeat(15)}…`)
  expect(isCut).toBe(true)
})

test('behavior: a cut never splits a character', () => {
  expect(cleanUntrustedText('🪙'.repeat(20), 16).text).toBe(`${'🪙'.repeat(15)}…`)
})

test('behavior: line breaks stay where they are asked for, and nothing else does', () => {
  expect(cleanUntrustedText('a\nb\rc\u202e', 64, { keepLines: true })).toMatchObject({
    text: 'a\nbc',
    removed: 2,
  })
})

test('behavior: a text of ten million characters costs no more than its beginning', () => {
  const { text, isCut } = cleanUntrustedText('\u200b'.repeat(10_000_000), 16)
  expect({ text, isCut }).toEqual({ text: '…', isCut: true })
})
