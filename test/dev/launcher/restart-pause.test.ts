import { expect, test } from 'vitest'

import { restartPauseMs } from '../../../dev/launcher/restart-pause.ts'

test('default: a part that died for the first time starts again at once', () => {
  expect(restartPauseMs(0)).toBe(0)
})

test('behavior: pauses grow and then stay', () => {
  const pauses = Array.from({ length: 12 }, (_, deaths) => restartPauseMs(deaths))
  expect(pauses).toEqual(pauses.toSorted((left, right) => left - right))
  expect(pauses.at(-1)).toBe(30_000)
})
