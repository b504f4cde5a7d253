import { keepAnswer, type NewAnswer, resolveRequest } from '../../src/store/requests.ts'
import type { TestStore } from '../support/store.ts'
import { askedPermission, permissionRequest, questionRequest } from './asked-requests.ts'
import { createTurnScript } from './turn-script.ts'

/** A conversation in round 0 of its first turn, which may ask people. */
export type AskingTurn = Awaited<ReturnType<typeof createAskingTurn>>

export async function createAskingTurn({ database, createConversation }: TestStore) {
  const turn = createTurnScript(database, await createConversation())
  const { conversationId: id, owner, readEvents } = turn
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])

  return {
    id,
    owner,
    turn,
    readEvents,
    /** One prompt for so many calls. */
    async askPermission(calls: number): Promise<{ requestId: string; callIds: string[] }> {
      const callIds = Array.from({ length: calls }, (_, index) => turn.callOf(1, 0, index))
      const request = permissionRequest(turn.turnIdOf(1), 0, callIds)
      await turn.ask(1, 0, { calls, requests: [request], permissions: callIds.map(askedPermission) })
      return { requestId: request.id, callIds }
    },
    async askQuestion(): Promise<{ requestId: string; callId: string }> {
      const callId = turn.callOf(1, 0, 0)
      const request = questionRequest(callId)
      await turn.ask(1, 0, { calls: 1, requests: [request] })
      return { requestId: request.id, callId }
    },
    /** Keeps an answer and lets it count. */
    async answer(requestId: string, given: GivenAnswer, answerId = 'a_1') {
      const unique = `${requestId}:${answerId}`
      await keepAnswer(database, { id: unique, requestId, by: owner, ...given })
      return resolveRequest(database, { conversationId: id, requestId }, unique)
    },
    /** The events after the last one of this type, without what all events have. */
    async listSince(type: 'round.finished' | 'turn.waiting') {
      const events = await readEvents()
      return events
        .slice(events.findLastIndex((event) => event.type === type) + 1)
        .map(({ v: _v, seq: _seq, ts: _ts, conversationId: _id, turnId: _turnId, ...body }) => body)
    },
    async countAnswers(): Promise<number> {
      const [row] = await database.rows<{ count: number }>(
        'count_answers',
        'select count(*) from request_answers where starts_with(request_id, $1)',
        [id],
      )
      return row?.count ?? 0
    },
  }
}

export type GivenAnswer = Pick<NewAnswer, 'outcome' | 'body'>

export function approve(...callIds: string[]): GivenAnswer {
  return { outcome: 'approved', body: { decisions: toDecisions(callIds, 'approve'), grants: [] } }
}

export function reject(...callIds: string[]): GivenAnswer {
  return { outcome: 'rejected', body: { decisions: toDecisions(callIds, 'reject'), grants: [] } }
}

function toDecisions<Decision extends string>(callIds: string[], decision: Decision) {
  return Object.fromEntries(callIds.map((callId) => [callId, decision]))
}
