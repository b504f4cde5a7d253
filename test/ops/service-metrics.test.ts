import { expect, test } from 'vitest'

import { createMetrics } from '../../src/ops/metrics.ts'
import type { ServiceReport } from '../../src/contracts/services.ts'

const report: ServiceReport = {
  name: 'model:openai',
  limit: null,
  slots: null,
  active: 3,
  calls: 10,
  retries: 2,
  waits: 4,
  waitMs: 1_500,
  waiting: 5,
  errors: { model_unavailable: 2 },
  queue: [{ owner: 'o_secret', length: 5 }],
}

test('a worker measures what it asks of services, and names no owner', async () => {
  const metrics = createMetrics({
    countStalled: async () => 0,
    listSlots: () => [],
    listServices: () => [report],
    listCircuits: () => [{ name: 'model:openai', circuit: 'down' }],
  })
  await metrics.read()
  const samples = (await metrics.read()).split('\n')
  expect(samples).toEqual(
    expect.arrayContaining([
      'perdura_service_calls_total{service="model:openai"} 10',
      'perdura_service_retries_total{service="model:openai"} 2',
      'perdura_service_waits_total{service="model:openai"} 4',
      'perdura_service_wait_seconds_total{service="model:openai"} 1.5',
      'perdura_service_errors_total{service="model:openai",code="model_unavailable"} 2',
      'perdura_service_active{service="model:openai"} 3',
      'perdura_service_waiting{service="model:openai"} 5',
      'perdura_service_circuit{service="model:openai"} 2',
    ]),
  )
  expect(samples.join('\n')).toContain('nodejs_eventloop_lag_p99_seconds')
  expect(samples.join('\n')).not.toContain('o_secret')
})
