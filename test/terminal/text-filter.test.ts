import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextFilter, toPlainLine, toPlainText } from '../../src/terminal/text-filter.ts'

test('lets ordinary text through', () => {
  const text = 'Balance: 1.5 ETH\n\t漢字 👩‍👩‍👧 é'
  expect(toPlainText(text)).toBe(text)
})

test.each([
  ['colours', 'a\u001b[31mred\u001b[0m', 'ared'],
  ['a cleared screen', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['a window title', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a link that ends with ST', '\u001b]8;;https://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['a device string', 'a\u001bPq#0\u001b\\b', 'ab'],
  ['a reset', 'a\u001bcb', 'ab'],
  ['one-byte controls', 'a\u009b31mb\u009d0;x\u009cc', 'abc'],
  ['carriage returns, backspaces and bells', 'safe\rhidden\b\u0007', 'safehidden'],
  ['reordered text', 'a\u202eb\u2066c', 'abc'],
  [
    'an unfinished string, which must not swallow the answer',
    `\u001b]0;${'x'.repeat(600)}\nrest`,
    `${'x'.repeat(90)}\nrest`,
  ],
])('behavior: keeps out %s', (_name, hostile, plain) => {
  expect(toPlainText(hostile)).toBe(plain)
})

test('behavior: a line is one line', () => {
  expect(toPlainLine(' two\nlines\there ')).toBe('two lines here')
})

const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b', '[', ']', '\u009b', '\u0007', '31m', '\\', '👍'),
    ),
  )
  .map((parts) => parts.join(''))

test('behavior: pieces cut anywhere give the same as the whole, without any control', () => {
  fc.assert(
    fc.property(hostileText, fc.array(fc.nat(8)), (text, cuts) => {
      const filter = new TextFilter()
      let [passed, rest] = ['', text]
      for (const length of cuts) {
        passed += filter.push(rest.slice(0, length))
        rest = rest.slice(length)
      }
      passed += filter.push(rest)
      expect(passed).toBe(new TextFilter().push(text))
      // oxlint-disable-next-line no-control-regex
      expect(passed).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
    }),
  )
})
