import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

import { measureServices, type ServiceSources } from './service-metrics.ts'
import { measureSlots, type SlotLoad } from './slot-metrics.ts'

/** What a process measures of itself, in Prometheus' text format. Labels never hold ids or what anybody said. */
export type Metrics = {
  contentType: string
  /** Everything that is measured, as of now. */
  read(): Promise<string>
}

export type ApiMetrics = Metrics & {
  /** `route` is the pattern of the path, never what somebody sent. */
  countRequest(request: { method: string; route: string; status: number }): void
}

export type MetricsSources = {
  /** Asked at each reading. When it fails the number is left out. */
  countStalled(): Promise<number>
}

export type WorkerMetricsSources = MetricsSources & ServiceSources & { listSlots(): readonly SlotLoad[] }

export type ApiMetricsSources = MetricsSources & { countStreams(): number }

/**
 * Starts to measure a worker: memory, processor time, event-loop delay, its slots, conversations that are stalled, and
 * what it asks of services.
 */
export function createMetrics({ listSlots, countStalled, ...services }: WorkerMetricsSources): Metrics {
  const registry = openRegistry({ countStalled })
  measureSlots(registry, listSlots)
  measureServices(registry, services)
  return toMetrics(registry)
}

/** Starts to measure an api: the same, and its requests and streams. */
export function createApiMetrics({ countStreams, ...sources }: ApiMetricsSources): ApiMetrics {
  const registry = openRegistry(sources)
  const requests = new Counter({
    name: 'perdura_http_requests_total',
    help: 'HTTP requests that were answered, by the pattern of their path.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const streams: Gauge = new Gauge({
    name: 'perdura_open_streams',
    help: 'Event streams that are open in this process.',
    registers: [registry],
    collect: () => streams.set(countStreams()),
  })
  return { ...toMetrics(registry), countRequest: (labels) => requests.inc(labels) }
}

function openRegistry({ countStalled }: MetricsSources): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const stalled: Gauge = new Gauge({
    name: 'perdura_conversations_stalled',
    help: 'Conversations whose workflow cannot go on. Read from the database: every process tells the same.',
    registers: [registry],
    async collect() {
      try {
        stalled.set(await countStalled())
      } catch {
        // The database is away, which is told elsewhere; a number of long ago would be worse than none.
        stalled.remove()
      }
    },
  })
  return registry
}

function toMetrics(registry: Registry): Metrics {
  return { contentType: registry.contentType, read: () => registry.metrics() }
}
