/** What is told of the services outside: model providers and chains. */

/** How many requests in how much time, over all workers. */
export type RequestLimit = { requests: number; periodMs: number }

/** What one worker has counted of a service since it started. */
export type ServiceReport = {
  /** `model:NAME` or `chain:ID`. */
  name: string
  limit: RequestLimit | null
  /** Requests that it may have under way at once; null: as many as come. */
  slots: number | null
  /** Requests under way. */
  active: number
  calls: number
  /** Calls that repeat one that failed. */
  retries: number
  /** Calls that had to wait before they were sent, and for how long in all. */
  waits: number
  waitMs: number
  /** Failures, by code. */
  errors: Record<string, number>
  /** Calls that wait now. */
  waiting: number
  /** Who waits with how many; the longest queues first, at most 20. */
  queue: { owner: string; length: number }[]
}

/**
 * `closed`: requests go. `limited`, because the service wants a pause, and `down`, because it fails: nobody asks it
 * before `notBefore`, and then one request at a time until one succeeds.
 */
export type CircuitState = 'closed' | 'limited' | 'down'

/** One service, over all workers that live. */
export type ServiceStatus = ServiceReport & {
  workers: number
  circuit: CircuitState
  /** ISO 8601; absent while the circuit is closed. */
  notBefore?: string
}
