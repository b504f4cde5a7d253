/** What becomes of the calls of one reply: they run, end here, or wait for a person. */
import type { NewRequest, PermissionItem } from '../contracts/human-request.ts'
import { permissionIdOf, requestIdOf } from '../contracts/ids.ts'
import type { Grant, PermissionVerdict } from '../contracts/permission.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { ModelToolCall } from '../models/model-provider.ts'
import { decideWithGrants, isGrantable } from '../permissions/decide-with-grants.ts'
import { toDeniedError } from './call-errors.ts'
import { type CallJudge, considerCall, type ConsideredCall } from './considered-call.ts'
import { type CallPlanner, endCall, type EndedCall, planCall, type PlannedCall } from './planned-call.ts'
import { toFailedEnd } from './to-failed-end.ts'

export type RoundPlanner = CallPlanner &
  CallJudge & {
    /** How long a request stays open. */
    requestTtlMs: number
    nowMs: number
    /** The owner's grants that hold; asked for once at most, and only when they could change something. */
    loadGrants(): Promise<readonly Grant[]>
  }

/** `calls` in the order of the reply; `requests` are opened together with them. */
export type RoundPlan = { calls: PlannedCall[]; requests: NewRequest[] }

/**
 * Plans the calls of one reply. All that need permission share one request; each call that asks a person has one
 * of its own. A call that is denied ends here, with a reason that the model reads.
 */
export async function planCalls(calls: readonly ModelToolCall[], planner: RoundPlanner): Promise<RoundPlan> {
  const considered = calls.map((call, index) => consider(call, index, planner))
  const grants = considered.some(needsGrants) ? await planner.loadGrants() : []
  const decided = considered.map((call) => (isOver(call) ? { call } : decide(call, grants, planner)))
  const items = decided.flatMap(({ item }) => item ?? [])
  return {
    calls: decided.map(({ call }) => call),
    requests: [
      ...(items.length === 0 ? [] : [toPermissionRequest(items, planner)]),
      ...decided.flatMap(({ question }) => question ?? []),
    ],
  }
}

function consider(call: ModelToolCall, index: number, planner: RoundPlanner): ConsideredCall | EndedCall {
  const planned = planCall(call, index, planner)
  return planned.scheduled === undefined ? planned : considerCall(planned, planner)
}

function isOver(call: ConsideredCall | EndedCall): call is EndedCall {
  return call.scheduled === undefined
}

function needsGrants(call: ConsideredCall | EndedCall): boolean {
  return !isOver(call) && isGrantable(call.subject, call.verdict)
}

/** `item` joins the permission request of the reply, `question` is a request of the call's own. */
type DecidedCall = { call: PlannedCall; item?: PermissionItem; question?: NewRequest }

function decide(call: ConsideredCall, grants: readonly Grant[], planner: RoundPlanner): DecidedCall {
  const { scheduled, subject, form } = call
  const { turnId, round } = planner.round
  const verdict = decideWithGrants(subject, call.verdict, grants, planner.nowMs)
  const item = toItem(call, verdict)
  // What a rule or the policy allows is never decided anew: the verdict alone tells why it ran.
  const isSettled = verdict.decision === 'allow' && verdict.grantIds === undefined
  const row = { ...call.row, permission: isSettled ? { verdict } : { verdict, item } }
  const events = call.events.map((event) => withPermission(event, verdict))
  switch (verdict.decision) {
    case 'deny': {
      const end = toFailedEnd('denied', toDeniedError(verdict))
      return { call: endCall({ row, events }, turnId, end) }
    }
    case 'ask': {
      const requestId = permissionIdOf(turnId, round)
      const request = { requestId, kind: 'permission' as const, ...expiry(planner) }
      return { call: { row, events, scheduled: { ...scheduled, request } }, item }
    }
    case 'allow': {
      if (form === undefined) {
        return { call: { row, events, scheduled, ...(isSettled ? toQuick(call) : {}) } }
      }
      const requestId = requestIdOf(subject.callId, 0)
      const request = { requestId, kind: 'question' as const, ...expiry(planner) }
      const { kind, expiresAtMs } = request
      const question = { id: requestId, kind, callIds: [subject.callId], body: form, expiresAtMs }
      return { call: { row, events, scheduled: { ...scheduled, request } }, question }
    }
  }
}

function toQuick({ tool, row }: ConsideredCall): Pick<PlannedCall, 'quick'> {
  if (tool.kind !== 'single' || tool.quick !== true) return {}
  return { quick: { callId: row.callId, tool, arguments: row.arguments } }
}

function toItem({ subject, input, title }: ConsideredCall, { rule }: PermissionVerdict): PermissionItem {
  const { callId, tool, effect, targets } = subject
  return { callId, tool, title, effect, input, targets, rule }
}

function withPermission(event: NewEvent, { decision, rule }: PermissionVerdict): NewEvent {
  if (event.body.type !== 'tool.started') return event
  return { ...event, body: { ...event.body, permission: { decision, rule } } }
}

function toPermissionRequest(calls: PermissionItem[], planner: RoundPlanner): NewRequest {
  return {
    id: permissionIdOf(planner.round.turnId, planner.round.round),
    kind: 'permission',
    callIds: calls.map(({ callId }) => callId),
    body: { calls },
    ...expiry(planner),
  }
}

function expiry({ nowMs, requestTtlMs }: RoundPlanner): { expiresAtMs: number } {
  return { expiresAtMs: nowMs + requestTtlMs }
}
