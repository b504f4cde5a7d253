import { roundLimit } from '../../src/contracts/limits.ts'
import type { ScheduledCall } from '../../src/contracts/tool-call.ts'
import type { RoundOutcome } from '../../src/contracts/turn.ts'

/** A reply that asks for these calls. */
export function askTools(calls: ScheduledCall[]): RoundOutcome {
  // A fixed time, far away: a recorded history must not meet its deadline.
  const limits = { rounds: roundLimit, deadlineMs: 4e12 }
  return { kind: 'tools', calls, limits, model: 'scripted/demo' }
}
