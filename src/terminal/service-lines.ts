import type { RequestLimit, ServiceStatus } from '../contracts/services.ts'
import { formatCount } from './format-count.ts'

const columns = ['service', 'circuit', 'under way', 'waiting', 'calls', 'retries', 'waits', 'waited', 'limit']

/** The services as a table, with their errors and queues below it. */
export function serviceLines(services: readonly ServiceStatus[]): string[] {
  if (services.length === 0) return ['No worker has told anything yet.']
  const rows = [columns, ...services.map(toRow)]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...table, ...services.flatMap(toRemarks)]
}

function toRow(service: ServiceStatus): string[] {
  const { name, circuit, active, slots, waiting, calls, retries, waits, waitMs, limit } = service
  return [
    name,
    circuit,
    slots === null ? String(active) : `${active} of ${slots}`,
    String(waiting),
    formatCount(calls),
    formatCount(retries),
    formatCount(waits),
    `${(waitMs / 1_000).toFixed(1)} s`,
    limit === null ? 'none' : formatLimit(limit),
  ]
}

function toRemarks({ name, circuit, notBefore, errors, queue }: ServiceStatus): string[] {
  const failures = Object.entries(errors).map(([code, count]) => `${code} ${formatCount(count)}`)
  return [
    ...(circuit === 'closed' ? [] : [`${name}: ${circuit}, asked again after ${notBefore ?? 'a while'}`]),
    ...(failures.length === 0 ? [] : [`${name}: errors: ${failures.join(', ')}`]),
    ...queue.map(({ owner, length }) => `${name}: ${length} waiting of ${owner || 'the runtime'}`),
  ]
}

const units: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'min', 3_600_000: 'h' }

function formatLimit({ requests, periodMs }: RequestLimit): string {
  return `${requests}/${units[periodMs] ?? `${periodMs} ms`}`
}
