import type { RequestResolution } from '../contracts/activity-interface.ts'
import { AppError } from '../contracts/errors.ts'
import type {
  HumanRequest,
  NewRequest,
  PermissionDecision,
  QuestionAnswers,
  RequestOutcome,
  RequestRef,
} from '../contracts/human-request.ts'
import type { CallId, ConversationId, OwnerId, RequestId, TurnId } from '../contracts/ids.ts'
import type { CallPermission, GrantTarget } from '../contracts/permission.ts'
import type { ToolError } from '../contracts/tool-call.ts'
import type { Database } from './database.ts'
import type { EventRow, LogAnswer } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import { requestColumns, type RequestRow, toHumanRequest } from './request-row.ts'
import { storableJson } from './storable-text.ts'

/** A grant that an approval makes. */
export type GrantedTarget = GrantTarget & { conversationId?: ConversationId; expiresInSeconds: number }

/** An answer as it is kept until the workflow has taken it. */
export type NewAnswer = {
  /** The same answer to the same request has the same id. */
  id: string
  requestId: RequestId
  outcome: RequestOutcome
  body:
    | { decisions: Record<CallId, PermissionDecision>; grants: GrantedTarget[] }
    | { answers: QuestionAnswers }
    | { declined: true }
  by: OwnerId
}

/** How a request stands after somebody tried to resolve it. */
export type ResolvedRequest = RequestResolution & {
  /** Whether it was resolved before. */
  repeated: boolean
  outcome: RequestOutcome
  answerId: string | null
}

/** A request with what only the server needs to know. */
export type FoundRequest = { request: HumanRequest; callIds: CallId[]; answerId: string | null }

/** @throws AppError `not_found`, also for somebody else's request */
export async function getRequest(database: Database, owner: OwnerId, id: RequestId): Promise<FoundRequest> {
  const [row] = await database.rows<RequestRow>(
    'get_request',
    `select ${requestColumns} from requests r join conversations c on c.id = r.conversation_id
       where r.id = $1 and c.owner_id = $2`,
    [id, owner],
  )
  if (row === undefined) {
    throw new AppError('not_found', `There is no request ${id}. List yours with GET /api/requests.`)
  }
  return { request: toHumanRequest(row), callIds: row.call_ids, answerId: row.answer_id }
}

/** Lists an owner's requests, the oldest open one first; closed ones, the latest first, behind them. */
export async function listRequests(
  database: Database,
  { owner, conversationId, open }: { owner: OwnerId; conversationId?: ConversationId; open: boolean },
): Promise<HumanRequest[]> {
  const rows = await database.rows<RequestRow>(
    'list_requests',
    `select ${requestColumns} from requests r join conversations c on c.id = r.conversation_id
       where c.owner_id = $1 and ($2::text is null or c.id = $2) and (not $3 or r.outcome is null)
       order by r.outcome is not null, case when r.outcome is null then r.opened_at end,
         r.resolved_at desc, r.id
       limit ${listLimit}`,
    [owner, conversationId ?? null, open],
  )
  return rows.map(toHumanRequest)
}

const listLimit = 500

/**
 * Keeps an answer to an open request, so that the workflow can be told its id only. Repeating it changes nothing.
 * It is gone when the request comes to something else.
 */
export async function keepAnswer(database: Database, answer: NewAnswer): Promise<void> {
  await database.rows(
    'keep_answer',
    // The lock keeps the request from being resolved before the answer can be seen to be one of its others.
    `insert into request_answers (id, request_id, outcome, body, given_by)
       select $1, id, $3, $4, $5 from requests where id = $2 and outcome is null for share
       on conflict do nothing`,
    [answer.id, answer.requestId, answer.outcome, storableJson(answer.body), answer.by],
  )
}

/**
 * Writes what became of a request, once: the answer that the workflow has taken, or with null that its time is
 * over. Undefined: there is no such request any more.
 */
export async function resolveRequest(
  database: Database,
  { conversationId, requestId }: { conversationId: ConversationId; requestId: RequestId },
  answerId: string | null,
): Promise<ResolvedRequest | undefined> {
  const answer = await database.call<{
    outcome: 'stored' | 'done' | 'missing'
    stands: RequestOutcome
    answer: string | null
    calls: RequestResolution['calls']
    events?: EventRow[]
    log?: LogAnswer
  }>('resolve_request', [conversationId, requestId, answerId, storableJson(refusals)])
  if (answer.outcome === 'missing') return undefined
  publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  return {
    repeated: answer.outcome === 'done',
    outcome: answer.stands,
    answerId: answer.answer,
    calls: answer.calls,
  }
}

/**
 * Asks a person about a call whose grant is gone. Returns what is open then: of a repeat, what was asked first.
 * Undefined: the call is over, or was approved meanwhile.
 */
export async function askAgain(
  database: Database,
  { conversationId, turnId, callId }: { conversationId: ConversationId; turnId: TurnId; callId: CallId },
  permission: CallPermission,
  request: NewRequest,
): Promise<RequestRef | undefined> {
  const answer = await database.call<{ expiresAtMs?: number; events: EventRow[]; log?: LogAnswer }>(
    'ask_again',
    [conversationId, turnId, callId, storableJson(permission), storableJson(request)],
  )
  publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  const { expiresAtMs } = answer
  return expiresAtMs === undefined ? undefined : { requestId: request.id, kind: request.kind, expiresAtMs }
}

/** What the model is told of a call that a person keeps from running. */
const refusals: Record<'rejected' | 'declined' | 'expired' | 'unanswered', ToolError> = {
  rejected: {
    code: 'permission_rejected',
    message: 'The user refused this call. Do not repeat it; ask what to do instead.',
    retryable: false,
  },
  declined: {
    code: 'question_declined',
    message: 'The user does not want to answer this question.',
    retryable: false,
  },
  expired: {
    code: 'permission_expired',
    message: 'Nobody gave permission in time, so the call did not run.',
    retryable: true,
  },
  unanswered: {
    code: 'no_answer',
    message: 'Nobody answered the question in time.',
    retryable: true,
  },
}
