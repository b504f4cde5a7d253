import { expect, test } from 'vitest'

import { parseDomain } from '../../src/schemas/parse-domain.ts'

test.each([
  ['example.com', 'example.com'],
  ['API.Example.COM', 'api.example.com'],
  ['example.com.', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['localhost', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
  ['[::1]', '[::1]'],
])('reads %s as a browser does', (text, domain) => {
  expect(parseDomain(text)).toBe(domain)
})

test.each([
  '',
  '.',
  ' example.com',
  'exa\tmple.com',
  'https://example.com',
  'example.com/path',
  'example.com/',
  'example.com?a',
  'example.com#a',
  'example.com:443',
  'example.com:',
  'user@example.com',
  'example.com\\a',
  'a b',
  '[::1',
])('error: %j is no host name', (text) => {
  expect(parseDomain(text)).toBeUndefined()
})
