import { setTimeout as sleep } from 'node:timers/promises'

import { AppError } from '../contracts/errors.ts'
import type { AnsweredRequest, HumanRequest, RequestOutcome } from '../contracts/human-request.ts'
import type { OwnerId, RequestId } from '../contracts/ids.ts'
import type { RequestResponse } from '../schemas/human-request.ts'
import {
  type FoundRequest,
  getRequest,
  keepAnswer,
  type NewAnswer,
  resolveRequest,
} from '../store/requests.ts'
import { noWorker } from '../temporal/answer-verdict.ts'
import { recoverConversation, type RecoverServices } from '../temporal/recover-conversation.ts'
import { toAnswer } from './to-answer.ts'
import { toAnswerId } from './to-answer-id.ts'

const answerTimeoutMs = 5_000
const pauseMs = { first: 20, longest: 320 }

/**
 * Answers a request for a person, exactly once: the answer is kept, the workflow takes it, and what it came to
 * is written. A repeat of the same answer gets the same result.
 * @throws AppError `not_found`, `request_resolved`, `request_expired`, `invalid_request`, `invalid_answers`,
 * `no_worker`, `temporal_unavailable`
 */
export async function giveAnswer(
  services: RecoverServices,
  owner: OwnerId,
  requestId: RequestId,
  response: RequestResponse,
): Promise<AnsweredRequest> {
  const { database } = services
  const answerId = toAnswerId(requestId, owner, response)
  const found = await getRequest(database, owner, requestId)
  const standing = findOutcome(found, answerId)
  if (standing !== undefined) return standing
  if (Date.parse(found.request.expiresAt) <= Date.now()) throw toRefusal(requestId, 'expired')
  const answer = toAnswer(found.request, response, { id: answerId, by: owner })
  await keepAnswer(database, answer)
  await tellWorkflow(services, found.request, answer)
  const resolved = await resolveRequest(database, found.request, answerId)
  if (resolved === undefined) throw new AppError('not_found', `There is no request ${requestId} any more.`)
  if (resolved.answerId !== answerId) throw toRefusal(requestId, resolved.outcome)
  return { requestId, outcome: resolved.outcome }
}

/** Resolves when the workflow has taken the answer, or when it stands already. */
async function tellWorkflow(
  services: RecoverServices,
  { conversationId, turnId, requestId }: HumanRequest,
  { id: answerId, outcome, by }: NewAnswer,
): Promise<void> {
  const deadlineMs = Date.now() + answerTimeoutMs
  for (let pause = pauseMs.first; ; pause = Math.min(pause * 2, pauseMs.longest)) {
    const verdict = await services.workflows.offerAnswer(
      conversationId,
      { requestId, answerId, outcome },
      deadlineMs,
    )
    switch (verdict.kind) {
      case 'accepted':
        return
      case 'resolved':
        throw toRefusal(requestId, verdict.outcome)
      case 'gone':
        await recoverConversation(services, conversationId, turnId)
        break
      case 'unknown':
        // The workflow learns of a request a moment after the store, and forgets it when it is resolved.
        break
    }
    if (findOutcome(await getRequest(services.database, by, requestId), answerId) !== undefined) return
    if (Date.now() + pause >= deadlineMs) throw noWorker()
    await sleep(pause)
  }
}

/** What this same answer has come to; undefined while the request is open. @throws when another one stands */
function findOutcome({ request, answerId }: FoundRequest, given: string): AnsweredRequest | undefined {
  const { requestId, outcome } = request
  if (outcome === undefined) return undefined
  if (answerId !== given) throw toRefusal(requestId, outcome)
  return { requestId, outcome }
}

function toRefusal(requestId: RequestId, outcome: RequestOutcome): AppError {
  if (outcome === 'expired') {
    return new AppError('request_expired', `Request ${requestId} has expired: no answer means no.`)
  }
  return new AppError('request_resolved', `Request ${requestId} is closed already: ${outcome}.`, {
    details: { outcome },
  })
}
