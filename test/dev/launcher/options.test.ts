import { expect, test } from 'vitest'

import { parseStartOptions } from '../../../dev/launcher/options.ts'

test('default: one worker, one api, nothing is wiped', () => {
  const expected = { help: false, reset: false, yes: false, workers: 1, apis: 1 }
  expect(parseStartOptions([])).toEqual(expected)
})

test('behavior: counts and switches are read in both spellings', () => {
  const options = parseStartOptions(['--workers', '3', '--apis=2', '--reset', '--yes'])
  expect(options).toEqual({ help: false, reset: true, yes: true, workers: 3, apis: 2 })
})

test.each(['0', '-1', '1.5', 'many', '', '65'])('error: "%s" is no number of workers', (count) => {
  expect(() => parseStartOptions([`--workers=${count}`])).toThrow('Write a whole number from 1 to 64')
})

test('error: an unknown option shows the usage', () => {
  expect(() => parseStartOptions(['--wipe'])).toThrow(/--wipe[^]*npm start -- \[options\]/)
})

test('error: an option that npm took for itself is not silently ignored', () => {
  expect(() => parseStartOptions([], { npm_config_reset: 'true' })).toThrow('npm start -- --reset')
})
