import type { ServiceReport, ServiceStatus } from '../contracts/services.ts'
import type { HeldService } from '../store/services.ts'

const longestQueues = 20

/** Adds up what the workers have counted, by service. */
export function toServiceStatuses({
  reports,
  held,
}: {
  reports: readonly (readonly ServiceReport[])[]
  held: readonly HeldService[]
}): ServiceStatus[] {
  const byName = Map.groupBy(reports.flat(), ({ name }) => name)
  return [...byName]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([name, [first, ...others]]) => {
      if (first === undefined) return []
      const hold = held.find((service) => service.name === name)
      return [
        {
          ...others.reduce(addReports, first),
          workers: 1 + others.length,
          circuit: hold?.why ?? 'closed',
          ...(hold === undefined ? {} : { notBefore: hold.notBefore }),
        },
      ]
    })
}

function addReports(one: ServiceReport, other: ServiceReport): ServiceReport {
  const queue = addByKey(
    one.queue.map(({ owner, length }) => [owner, length]),
    other.queue.map(({ owner, length }) => [owner, length]),
  )
  return {
    ...one,
    slots: one.slots === null || other.slots === null ? null : one.slots + other.slots,
    active: one.active + other.active,
    calls: one.calls + other.calls,
    retries: one.retries + other.retries,
    waits: one.waits + other.waits,
    waitMs: one.waitMs + other.waitMs,
    waiting: one.waiting + other.waiting,
    errors: Object.fromEntries(addByKey(Object.entries(one.errors), Object.entries(other.errors))),
    queue: [...queue]
      .map(([owner, length]) => ({ owner, length }))
      .toSorted((left, right) => right.length - left.length)
      .slice(0, longestQueues),
  }
}

function addByKey(...lists: readonly (readonly [string, number])[][]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, value] of lists.flat()) sums.set(key, (sums.get(key) ?? 0) + value)
  return sums
}
