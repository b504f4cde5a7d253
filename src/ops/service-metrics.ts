import { Counter, Gauge, type Registry } from 'prom-client'

import type { CircuitState, ServiceReport } from '../contracts/services.ts'

/** What a worker knows of its services; asked at each reading. */
export type ServiceSources = {
  listServices(): readonly ServiceReport[]
  listCircuits(): readonly { name: string; circuit: CircuitState }[]
}

const circuitNumbers: Readonly<Record<CircuitState, number>> = { closed: 0, limited: 1, down: 2 }

/** Measures what one process asks of services outside. */
export function measureServices(registry: Registry, { listServices, listCircuits }: ServiceSources): void {
  const counters: [string, string, (report: ServiceReport) => number][] = [
    ['perdura_service_calls_total', 'Requests that were sent.', ({ calls }) => calls],
    [
      'perdura_service_retries_total',
      'Requests that repeated one that had failed.',
      ({ retries }) => retries,
    ],
    ['perdura_service_waits_total', 'Requests that had to wait before they were sent.', ({ waits }) => waits],
    ['perdura_service_wait_seconds_total', 'For how long, in all.', ({ waitMs }) => waitMs / 1_000],
  ]
  for (const [name, help, read] of counters) {
    const counter: Counter<'service'> = new Counter({
      name,
      help,
      labelNames: ['service'],
      registers: [registry],
      collect() {
        counter.reset()
        for (const report of listServices()) counter.inc({ service: report.name }, read(report))
      },
    })
  }
  const errors: Counter<'service' | 'code'> = new Counter({
    name: 'perdura_service_errors_total',
    help: 'Requests that failed, by code.',
    labelNames: ['service', 'code'],
    registers: [registry],
    collect() {
      errors.reset()
      for (const report of listServices())
        for (const [code, count] of Object.entries(report.errors))
          errors.inc({ service: report.name, code }, count)
    },
  })
  measureNow(registry, 'perdura_service_active', 'Requests under way.', () =>
    listServices().map(({ name, active }) => [name, active]),
  )
  measureNow(registry, 'perdura_service_waiting', 'Requests that wait.', () =>
    listServices().map(({ name, waiting }) => [name, waiting]),
  )
  measureNow(
    registry,
    'perdura_service_circuit',
    'As this worker knows it: 0 closed, 1 limited, 2 down.',
    () => listCircuits().map(({ name, circuit }) => [name, circuitNumbers[circuit]]),
  )
}

function measureNow(
  registry: Registry,
  name: string,
  help: string,
  read: () => readonly (readonly [string, number])[],
): void {
  const gauge: Gauge<'service'> = new Gauge({
    name,
    help,
    labelNames: ['service'],
    registers: [registry],
    collect() {
      gauge.reset()
      for (const [service, value] of read()) gauge.set({ service }, value)
    },
  })
}
