import type { Child, Exit } from '../process/child.ts'

/** When a part stops: what serves people first, what it stands on later, the database last. */
export type Tier = 'app' | 'server' | 'database'

/** A process that belongs to a running Perdura and can be started again and again. */
export interface Part {
  readonly name: string
  readonly tier: Tier
  readonly port?: number
  readonly url?: string
  readonly logFile: string
  /**
   * Must resolve when the part serves, must tell `onSpawn` of every process it starts, and must not leave one
   * behind when it rejects. Is called again after the part died, with nothing of it left.
   */
  start(context: PartContext): Promise<RunningPart>
}

export type PartContext = {
  signal: AbortSignal
  report: (text: string) => void
  onSpawn: (child: Child) => void
}

export interface RunningPart {
  readonly pid: number
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>
  /** Must resolve when the process is gone, at the latest shortly after `graceMs`. */
  stop(graceMs: number): Promise<void>
}
