import { expect, test } from 'vitest'

import { loadConfig } from '../../src/ops/config.ts'
import { assertLimitsOfServices } from '../../src/services/external-services.ts'
import { toPace } from '../../src/services/to-pace.ts'

const read = (text: string) => loadConfig({ PERDURA_SERVICE_LIMITS: text }).services.limits

test('reads requests in a time, requests at once, or both', () => {
  expect(read('model:openai=60/min 20; chain:1=25/s ;chain:10=8;model:my-own=3/h;http:prices=2/s')).toEqual([
    { name: 'model:openai', limit: { requests: 60, periodMs: 60_000 }, slots: 20 },
    { name: 'chain:1', limit: { requests: 25, periodMs: 1_000 } },
    { name: 'chain:10', slots: 8 },
    { name: 'model:my-own', limit: { requests: 3, periodMs: 3_600_000 } },
    { name: 'http:prices', limit: { requests: 2, periodMs: 1_000 } },
  ])
  expect(loadConfig({}).services).toEqual({
    http: [],
    headers: [],
    limits: [],
    failureLimit: 5,
  })
})

test.each([
  'openai=60/min',
  'model:openai',
  'model:openai=',
  'model:openai=60/day',
  'model:openai=0/min',
  'model:openai=60/min 0',
  'model:openai=60/min,chain:1=2/s',
  'model:openai=60/min20',
  'chain:1=2/s;chain:1=3/s',
])('error: %s says how to write it', (text) => {
  expect(() => read(text)).toThrow(/PERDURA_SERVICE_LIMITS is .* Write limits as service=requests\/s/)
})

test('error: a limit of what there is not names what there is', () => {
  expect(() => assertLimitsOfServices(read('model:opnai=60/min'), ['model:openai', 'chain:1'])).toThrow(
    'PERDURA_SERVICE_LIMITS names what is not configured: model:opnai. Services: model:openai, chain:1.',
  )
})

test.each([
  [1, 60_000],
  [7, 1_000],
  [60, 60_000],
  [1_000, 60_000],
])('behavior: a pace lets no more than %i go in any %i ms', (requests, periodMs) => {
  const { burst, intervalMs } = toPace({ requests, periodMs })
  // The most that a bucket gives in a stretch of that length, which ends just before the next one is due.
  expect(burst - 1 + periodMs / intervalMs).toBeLessThanOrEqual(requests + 1e-9)
})
