import type {
  HumanRequest,
  PermissionCard,
  QuestionForm,
  RequestKind,
  RequestOutcome,
} from '../contracts/human-request.ts'

/** One row of `requests`; times are texts where rows come as JSON. */
export type RequestRow = {
  id: string
  conversation_id: string
  turn_id: string
  kind: RequestKind
  call_ids: string[]
  body: PermissionCard | QuestionForm
  opened_at: Date | string
  expires_at: Date | string
  outcome: RequestOutcome | null
  answer_id: string | null
  resolved_by: string | null
  resolved_at: Date | string | null
}

export const requestColumns =
  'r.id, r.conversation_id, r.turn_id, r.kind, r.call_ids, r.body, r.opened_at, r.expires_at, r.outcome, ' +
  'r.answer_id, r.resolved_by, r.resolved_at'

export function toHumanRequest(row: RequestRow): HumanRequest {
  const [callId, ...others] = row.call_ids
  return {
    requestId: row.id,
    conversationId: row.conversation_id,
    turnId: row.turn_id,
    kind: row.kind,
    ...(callId === undefined || others.length > 0 ? {} : { callId }),
    ...('calls' in row.body ? { card: row.body } : { form: row.body }),
    openedAt: new Date(row.opened_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.resolved_by === null ? {} : { by: row.resolved_by }),
    ...(row.resolved_at === null ? {} : { resolvedAt: new Date(row.resolved_at).toISOString() }),
  }
}
