import type { Grant, PermissionSubject } from '../../src/contracts/permission.ts'

export const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const bob = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
/** The time of every decision in these tests. */
export const nowMs = Date.parse('2026-11-21T16:30:00Z')

/** A call that a policy `allowReads` asks about. */
export function toSubject(changes: Partial<PermissionSubject> = {}): PermissionSubject {
  return {
    callId: 'c1.t1.r0.c0',
    conversationId: 'c1',
    tool: 'swap',
    effect: 'sign',
    targets: { chainId: 1, contracts: [alice], domains: [] },
    asksPerson: false,
    ...changes,
  }
}

/** A grant of an hour, which covers nothing yet. */
export function toGrant(id: string, changes: Partial<Grant> = {}): Grant {
  return {
    id,
    createdAt: new Date(nowMs - 1_000).toISOString(),
    expiresAt: new Date(nowMs + 3_600_000).toISOString(),
    ...changes,
  }
}
