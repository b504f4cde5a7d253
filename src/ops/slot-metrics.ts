import { Gauge, type Registry } from 'prom-client'

/** How full one kind of a worker's slots is. `name`: `activity`, `tool`, `model:PROVIDER`. */
export type SlotLoad = {
  name: string
  limit: number
  used: number
  /** What waits in this worker; absent where Temporal keeps what waits. */
  waiting?: { count: number; owners: number; longestMs: number }
}

/** Measures a worker's slots: how many there are and are taken, and how many wait for one, of how many owners. */
export function measureSlots(registry: Registry, listSlots: () => readonly SlotLoad[]): void {
  function measure(name: string, help: string, read: (load: SlotLoad) => number | undefined): void {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['slots'],
        registers: [],
        collect() {
          for (const load of listSlots()) {
            const value = read(load)
            if (value !== undefined) this.set({ slots: load.name }, value)
          }
        },
      }),
    )
  }
  measure('perdura_slots', 'Slots of this worker, by kind.', ({ limit }) => limit)
  measure('perdura_slots_used', 'Slots that are taken.', ({ used }) => used)
  measure(
    'perdura_slots_waiting',
    'Work that waits in this worker for a slot.',
    ({ waiting }) => waiting?.count,
  )
  measure(
    'perdura_slots_waiting_owners',
    'Owners whose work waits for a slot.',
    ({ waiting }) => waiting?.owners,
  )
  measure(
    'perdura_slots_longest_wait_seconds',
    'How long the work waits that has waited longest for a slot.',
    ({ waiting }) => waiting && waiting.longestMs / 1_000,
  )
}
