import { Hono } from 'hono'
import type { RequestAnswer } from '../../src/client/api-answers.ts'
import type { Grant } from '../../src/contracts/permission.ts'
import type { FakeConversation } from './fake-conversation.ts'
import { problem } from './fake-problem.ts'

export type FakeRequests = {
  /** Answers that came, in order, the refused ones too. */
  answers: { requestId: string; answer: RequestAnswer }[]
  grants: Grant[]
  /** So many answers find no worker. */
  noWorker: number
  /** Refuses answers to forms; counts down. */
  invalid: { path: string; code: string; message: string }[][]
  /** Runs before an answer is looked at. */
  beforeAnswer: (requestId: string) => void
}

/** Requests and grants of the fake server, for the conversations of one owner. */
export function fakeRequestRoutes(state: FakeRequests, talksOf: (owner: string) => FakeConversation[]) {
  const app = new Hono<{ Variables: { owner: string } }>()
  app.get('/requests', (c) => {
    const wanted = c.req.query('conversationId')
    const talks = talksOf(c.get('owner')).filter(
      ({ conversation }) => (wanted ?? conversation.id) === conversation.id,
    )
    return c.json({ requests: talks.flatMap(({ requests }) => [...requests.values()]) })
  })
  app.post('/requests/:id/response', async (c) => {
    const requestId = c.req.param('id')
    const answer: RequestAnswer = await c.req.json()
    state.answers.push({ requestId, answer })
    state.beforeAnswer(requestId)
    if (state.noWorker > 0) {
      state.noWorker -= 1
      return problem(c, 503, 'no_worker', { headers: { 'retry-after': '0' } })
    }
    const talk = talksOf(c.get('owner')).find(({ requests }) => requests.has(requestId))
    if (!talk) return problem(c, 409, 'request_resolved', { outcome: 'rejected' })
    const errors = 'answers' in answer ? state.invalid.shift() : undefined
    if (errors) return problem(c, 422, 'invalid_answers', { errors })
    const outcome = outcomeOf(answer)
    talk.resolve(requestId, outcome, c.get('owner'), 'decisions' in answer ? answer.decisions : undefined)
    if ('grant' in answer && answer.grant) {
      const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
      const conversationId = talk.conversation.id
      state.grants.push({
        id: `g${state.grants.length + 1}`,
        tool: 'send_all',
        conversationId,
        createdAt: expiresAt,
        expiresAt,
      })
    }
    return c.json({ requestId, outcome })
  })
  app.get('/grants', (c) => c.json({ grants: state.grants }))
  app.delete('/grants/:id', (c) => {
    const index = state.grants.findIndex(({ id }) => id === c.req.param('id'))
    if (index === -1) return problem(c, 404, 'not_found')
    state.grants.splice(index, 1)
    return c.body(null, 204)
  })
  return app
}

function outcomeOf(answer: RequestAnswer) {
  if ('answers' in answer) return 'answered'
  const decisions = 'decision' in answer ? [answer.decision] : Object.values(answer.decisions)
  return decisions.includes('approve') ? 'approved' : 'rejected'
}
