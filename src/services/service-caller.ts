import type { HoldReason } from '../store/services.ts'

/** Who wants a request to be sent, and what waiting means to it. */
export type ServiceCaller = {
  /** Waits in line by turns with other owners. Empty: the runtime itself. */
  owner: string
  /** How long it waits for its turn, and how long for a service that is down, in milliseconds. */
  patience: { busyMs: number; downMs: number }
  /** The call repeats one that has failed. */
  isRetry?: boolean
  /** The service keeps it waiting, or does not take it at all. */
  onHeld?(hold: { service: string; why: HoldReason; ms: number }): void
  /** Told when a wait begins; the function that it returns, when that ends. */
  onWait?(): () => void
}

/** Calls of the runtime itself, as the hourly look at a chain. */
export const ownCaller: ServiceCaller = { owner: '', patience: { busyMs: 5_000, downMs: 2_000 } }
