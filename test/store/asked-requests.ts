import type {
  NewRequest,
  PermissionCard,
  PermissionItem,
  QuestionForm,
} from '../../src/contracts/human-request.ts'
import { permissionIdOf, requestIdOf } from '../../src/contracts/ids.ts'
import type { CallPermission } from '../../src/contracts/permission.ts'

/** Requests as the activities make them, with short arguments. */

const hourMs = 3_600_000

export function itemOf(callId: string): PermissionItem {
  return {
    callId,
    tool: 'send_note',
    title: 'Send a note',
    effect: 'external',
    // Nulls and the order of fields must come through as they are.
    input: { to: 'bob', cc: null, amount: '1' },
    targets: { chainId: 1, contracts: [], domains: ['example.com'] },
    rule: 'policy:ask',
  }
}

/** One prompt for all these calls. */
export function permissionRequest(turnId: string, round: number, callIds: string[]): NewRequest {
  const body: PermissionCard = { calls: callIds.map(itemOf) }
  return {
    id: permissionIdOf(turnId, round),
    kind: 'permission',
    callIds,
    body,
    expiresAtMs: Date.now() + hourMs,
  }
}

export const form: QuestionForm = {
  title: 'Which network?',
  questions: [{ id: 'net', label: 'Network', required: true, kind: 'text', maxLength: 100 }],
}

export function questionRequest(callId: string): NewRequest {
  return {
    id: requestIdOf(callId, 0),
    kind: 'question',
    callIds: [callId],
    body: form,
    expiresAtMs: Date.now() + hourMs,
  }
}

/** What is recorded of a call that somebody must approve. */
export function askedPermission(callId: string): CallPermission {
  return { verdict: { decision: 'ask', rule: 'policy:ask' }, item: itemOf(callId) }
}

/** What is recorded of a call that grants have allowed. */
export function grantedPermission(callId: string, ...grantIds: string[]): CallPermission {
  return { verdict: { decision: 'allow', rule: `grant:${grantIds[0]}`, grantIds }, item: itemOf(callId) }
}
