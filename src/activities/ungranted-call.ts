import type { ToolCallRef } from '../contracts/activity-interface.ts'
import { requestIdOf } from '../contracts/ids.ts'
import type { PermissionSubject } from '../contracts/permission.ts'
import type { CallOutcome } from '../contracts/tool-call.ts'
import { decideCall } from '../permissions/decide-call.ts'
import { decideWithGrants } from '../permissions/decide-with-grants.ts'
import { listGrants } from '../store/grants.ts'
import { askAgain } from '../store/requests.ts'
import { type BegunTry, finishCall, recordPermission } from '../store/tool-calls.ts'
import type { ActivityServices } from './activity-services.ts'
import { toDeniedError } from './call-errors.ts'
import { toFailedEnd } from './to-failed-end.ts'
import { toolCompleted } from './tool-completed.ts'

export type UngrantedTry = Extract<BegunTry, { outcome: 'ungranted' }>

/**
 * Decides anew about a call whose grant expired or was revoked before it ran. Undefined: another grant, or a
 * person, allows it meanwhile, and it may be begun again.
 */
export async function decideAgain(
  ref: ToolCallRef,
  { owner, permissions: policy, permission }: UngrantedTry,
  { database, rules, settings }: ActivityServices,
): Promise<CallOutcome | undefined> {
  const { item } = permission
  if (item === undefined)
    throw new Error(`Call ${ref.callId} was allowed by a grant without saying what it is.`)
  const { tool, effect, targets } = item
  const subject: PermissionSubject = { ...ref, tool, effect, targets, asksPerson: false }
  const nowMs = Date.now()
  const grants = await listGrants(database, owner)
  const verdict = decideWithGrants(subject, decideCall(subject, { rules, policy }), grants, nowMs)
  const decided = { verdict, item: { ...item, rule: verdict.rule } }
  switch (verdict.decision) {
    case 'allow':
      await recordPermission(database, ref.callId, decided)
      return undefined
    case 'deny': {
      const end = toFailedEnd('denied', toDeniedError(verdict))
      return { status: await finishCall(database, ref, end, [toolCompleted(ref, end)]) }
    }
    case 'ask': {
      const request = await askAgain(database, ref, decided, {
        id: requestIdOf(ref.callId, 0),
        kind: 'permission',
        callIds: [ref.callId],
        body: { calls: [decided.item] },
        expiresAtMs: nowMs + settings.requestTtlMs,
      })
      return request === undefined ? undefined : { status: 'waiting', request }
    }
  }
}
