import type { AnsweredRequest } from '../../contracts/human-request.ts'
import type * as answers from '../api-answers.ts'
import { requestDone, requestJson, type Transport } from '../send-request.ts'

/** What people are asked for, and what they have allowed. */
export function requestCalls(transport: Transport) {
  return {
    /** What people are asked for, in all conversations of the owner or in one; by default the open ones. */
    listRequests: ({ open = true, ...query }: answers.RequestQuery = {}) =>
      requestJson<answers.RequestList>(transport, { path: '/api/requests', query: { open, ...query } }),
    /**
     * Answers an open request, once. Refused with `request_resolved` (see `outcome`), `request_expired` or
     * `invalid_answers` (see `errors`); after `no_worker` the same answer may be repeated.
     */
    answerRequest: (requestId: string, answer: answers.RequestAnswer) =>
      requestJson<AnsweredRequest>(transport, {
        method: 'POST',
        path: `/api/requests/${encodeURIComponent(requestId)}/response`,
        body: answer,
      }),
    /** The owner's standing permissions. */
    listGrants: () => requestJson<answers.GrantList>(transport, { path: '/api/grants' }),
    revokeGrant: (id: string) =>
      requestDone(transport, { method: 'DELETE', path: `/api/grants/${encodeURIComponent(id)}` }),
  }
}
