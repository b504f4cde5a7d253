import type { RequestResolution } from '../../src/contracts/activity-interface.ts'
import type { RequestKind } from '../../src/contracts/human-request.ts'
import type { ScheduledCall, ToolStatus } from '../../src/contracts/tool-call.ts'
import { scheduledCall } from './scheduled-call.ts'

const longMs = 600_000

/** A call that waits for a person before it runs, by default for one of its own and for long. */
export function askingCall(
  callId: string,
  {
    requestId = `q-${callId}`,
    kind = 'permission',
    ttlMs = longMs,
  }: { requestId?: string; kind?: RequestKind; ttlMs?: number } = {},
): ScheduledCall {
  return { ...scheduledCall(callId), request: { requestId, kind, expiresAtMs: Date.now() + ttlMs } }
}

/** What an answer means for all these calls. */
export function resolution(
  callIds: readonly string[],
  status: 'run' | ToolStatus = 'run',
): RequestResolution {
  return { calls: Object.fromEntries(callIds.map((callId) => [callId, status])) }
}
