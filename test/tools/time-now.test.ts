import { expect, test } from 'vitest'

import timeNow from '../../src/tools/time-now.ts'
import { toolContext } from './tool-context.ts'

test('tells the time in UTC', async () => {
  await expect(timeNow.run({}, toolContext())).resolves.toEqual({
    utc: '2026-11-21T16:30:00.500Z',
    unixSeconds: 1795278600,
    weekday: 'Saturday',
  })
})
