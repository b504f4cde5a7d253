import type { ScheduledCall } from '../../src/contracts/tool-call.ts'

/** A call as a reply schedules it; with names of steps, one of a multi-step tool. */
export function scheduledCall(callId: string, steps: readonly string[] = []): ScheduledCall {
  return {
    callId,
    name: 'time_now',
    summary: 'time_now',
    timeoutMs: 1_000,
    steps: steps.map((name) => ({ name, timeoutMs: 1_000 })),
  }
}
