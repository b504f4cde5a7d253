import type { HumanRequest, PermissionDecision, PermissionItem } from '../contracts/human-request.ts'
import type { CallId, OwnerId } from '../contracts/ids.ts'
import type { GrantWish } from '../contracts/permission.ts'
import { toGrantTargets } from '../permissions/grants-of-wish.ts'
import { checkAnswers } from '../schemas/check-answers.ts'
import type { RequestResponse } from '../schemas/human-request.ts'
import type { GrantedTarget, NewAnswer } from '../store/requests.ts'
import { type FieldError, fieldProblem } from './problem.ts'

/**
 * Checks what a person sent against what was asked.
 * @throws AppError `invalid_request` or `invalid_answers`, naming each field that is wrong
 */
export function toAnswer(
  request: HumanRequest,
  response: RequestResponse,
  { id, by }: { id: string; by: OwnerId },
): NewAnswer {
  const { outcome, body } = toOutcome(request, response)
  return { id, requestId: request.requestId, outcome, body, by }
}

type Outcome = Pick<NewAnswer, 'outcome' | 'body'>

function toOutcome(request: HumanRequest, response: RequestResponse): Outcome {
  if (request.form !== undefined) return toQuestionOutcome(request.form, response)
  if (request.card !== undefined) return toPermissionOutcome(request, request.card.calls, response)
  throw refusal({ path: '', message: `This server takes no answer to a request of kind ${request.kind}.` })
}

function toQuestionOutcome(form: NonNullable<HumanRequest['form']>, response: RequestResponse): Outcome {
  if ('decision' in response && response.decision === 'reject' && response.grant === undefined)
    return { outcome: 'rejected', body: { declined: true } }
  if (!('answers' in response)) {
    throw refusal({ path: 'answers', message: 'A question takes answers, or {"decision":"reject"}.' })
  }
  const checked = checkAnswers(form, response.answers)
  if (checked.ok) return { outcome: 'answered', body: { answers: checked.answers } }
  throw fieldProblem(
    'invalid_answers',
    checked.errors.map(({ questionId, code, message }) => ({ path: `answers.${questionId}`, code, message })),
  )
}

function toPermissionOutcome(
  request: HumanRequest,
  items: readonly PermissionItem[],
  response: RequestResponse,
): Outcome {
  if ('answers' in response) {
    throw refusal({ path: 'decision', message: 'A permission takes a decision, or one for each call.' })
  }
  const decisions = toDecisions(items, response)
  const approved = items.filter(({ callId }) => decisions[callId] === 'approve')
  const grants = response.grant === undefined ? [] : toGrants(request, approved, response.grant)
  return { outcome: approved.length > 0 ? 'approved' : 'rejected', body: { decisions, grants } }
}

function toDecisions(
  items: readonly PermissionItem[],
  response: Exclude<RequestResponse, { answers: unknown }>,
): Record<CallId, PermissionDecision> {
  const callIds = items.map(({ callId }) => callId)
  if ('decision' in response) return Object.fromEntries(callIds.map((callId) => [callId, response.decision]))
  const { decisions } = response
  const wrong = [
    ...callIds
      .filter((callId) => !Object.hasOwn(decisions, callId))
      .map((callId) => ({ path: `decisions.${callId}`, message: 'Decide about this call too.' })),
    ...Object.keys(decisions)
      .filter((callId) => !callIds.includes(callId))
      .map((callId) => ({ path: `decisions.${callId}`, message: 'The card has no such call.' })),
  ]
  if (wrong.length > 0) throw refusal(...wrong)
  return decisions
}

/** What the wish means for the approved calls, each once. */
function toGrants(
  { conversationId }: HumanRequest,
  approved: readonly PermissionItem[],
  wish: GrantWish,
): GrantedTarget[] {
  if (approved.length === 0) throw refusal({ path: 'grant', message: 'Only an approval can grant more.' })
  const targets = new Map(
    approved.flatMap((item) => toGrantTargets(wish, item)).map((target) => [JSON.stringify(target), target]),
  )
  if (targets.size === 0) {
    throw refusal({ path: 'grant.target', message: `No approved call is about a ${wish.target}.` })
  }
  const place = wish.scope === 'conversation' ? { conversationId } : {}
  const { expiresInSeconds } = wish
  return [...targets.values()].map((target) => ({ ...target, ...place, expiresInSeconds }))
}

function refusal(...errors: FieldError[]) {
  return fieldProblem('invalid_request', errors)
}
