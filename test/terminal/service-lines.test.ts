import { expect, test } from 'vitest'

import type { ServiceStatus } from '../../src/contracts/services.ts'
import { serviceLines } from '../../src/terminal/service-lines.ts'

const quiet: ServiceStatus = {
  name: 'chain:1',
  limit: null,
  slots: 24,
  active: 0,
  calls: 1_200,
  retries: 0,
  waits: 0,
  waitMs: 0,
  waiting: 0,
  errors: {},
  queue: [],
  workers: 1,
  circuit: 'closed',
}

test('prints a table, and below it what is not as it should be', () => {
  const busy: ServiceStatus = {
    ...quiet,
    name: 'model:openai',
    limit: { requests: 60, periodMs: 60_000 },
    slots: null,
    active: 3,
    waits: 7,
    waitMs: 12_340,
    waiting: 4,
    errors: { model_rate_limited: 5, model_silent: 1 },
    queue: [{ owner: 'g_1', length: 4 }],
    circuit: 'limited',
    notBefore: '2026-11-22T03:00:00.000Z',
  }
  expect(serviceLines([quiet, busy])).toEqual([
    'service       circuit  under way  waiting  calls  retries  waits  waited  limit',
    'chain:1       closed   0 of 24    0        1.2k   0        0      0.0 s   none',
    'model:openai  limited  3          4        1.2k   0        7      12.3 s  60/min',
    'model:openai: limited, asked again after 2026-11-22T03:00:00.000Z',
    'model:openai: errors: model_rate_limited 5, model_silent 1',
    'model:openai: 4 waiting of g_1',
  ])
})

test('behavior: says so when no worker has told anything', () => {
  expect(serviceLines([])).toEqual(['No worker has told anything yet.'])
})
