import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ProblemError } from '../../src/client/problem-error.ts'
import { retryWhileUnavailable } from '../../src/client/retry-while-unavailable.ts'
import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { feltCall, questionOf, untilAsked } from '../support/asked.ts'
import { type Following, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product

beforeAll(async () => {
  product = await startProduct({ workers: 2 })
  product.gates.open('collision')
})
afterAll(() => product.close())

const policies: BusyPolicy[] = ['queue', 'steer', 'interrupt', 'reject']

const asks: { kind: string; reply: ScriptedReply; answer: Parameters<Client['answerRequest']>[1] }[] = [
  { kind: 'question', reply: questionOf(), answer: { answers: { which: 'left' } } },
  { kind: 'permission', reply: callsOf(feltCall('collision')), answer: { decision: 'approve' } },
]

/** What came of it, or the code with which it was refused. */
async function nameOf(done: Promise<string>): Promise<string> {
  try {
    return await done
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}

/** Resolves when the turn that answers the message has ended. */
async function untilAnswered(following: Following, messageId: string): Promise<void> {
  const isOf = (turnId: string | undefined) =>
    following.events.some(
      (event) =>
        (event.type === 'turn.started' || event.type === 'round.started') &&
        event.turnId === turnId &&
        event.messageIds?.includes(messageId),
    )
  await following.until((event) => event.type === 'turn.finished' && isOf(event.turnId))
}

/** A conversation that waits for a person. */
async function startWaiting(client: Client, key: string, ask: (typeof asks)[number] | undefined) {
  const { reply = questionOf(), answer = { answers: {} } } = ask ?? {}
  const talk = await startTalk(product, client, key, [reply, { ...textOf('Answer.'), repeat: true }])
  const { requestId } = await untilAsked(talk.following)
  return { ...talk, requestId, answer }
}

type Waiting = Awaited<ReturnType<typeof startWaiting>>

/** Does all three at once; each of them is the first one sometimes. */
async function collide(
  client: Client,
  { id, requestId, answer }: Waiting,
  policy: BusyPolicy,
  first: number,
) {
  const acts = [
    async () => (await client.cancelTurn(id)).turnId ?? 'nothing runs',
    async () => (await client.postMessage(id, { text: 'Two', busyPolicy: policy })).messageId,
    async () => (await retryWhileUnavailable(() => client.answerRequest(requestId, answer))).outcome,
  ]
  const rotated = [...acts.slice(first), ...acts.slice(0, first)]
  const done = await Promise.all(rotated.map((act) => nameOf(act())))
  const [stopped = '', posted = '', answered = ''] = acts.map((act) => done[rotated.indexOf(act)])
  return { stopped, posted, answered }
}

test.each(policies)(
  'Stop, a message that would %s, and an answer in the same millisecond',
  async (policy) => {
    const client = await product.login()
    const waiting = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        startWaiting(client, `${policy}-${index}`, asks[index % asks.length]),
      ),
    )
    const collided = await Promise.all(waiting.map((talk, index) => collide(client, talk, policy, index % 3)))
    for (const [index, { id, turnId, following, requestId }] of waiting.entries()) {
      const { stopped, posted, answered } = collided[index] ?? { stopped: '', posted: '', answered: '' }
      // Refused by name, or answered.
      const isRefused = posted === 'turn_running'
      await (isRefused ? following.untilTurns(1) : untilAnswered(following, posted))
      following.close()
      const resolved = ofType(following.events, 'request.resolved')
      const outcome = resolved[0]?.outcome ?? ''
      const { conversation } = await client.getConversation(id)

      expect([turnId, `${id}.t2`, 'nothing runs']).toContain(stopped)
      expect(isRefused && policy !== 'reject').toBe(false)
      expect(resolved).toMatchObject([{ requestId, outcome: expect.any(String) }])
      expect(answered).toBe(outcome === 'cancelled' ? 'request_resolved' : outcome)
      expect(conversation.state).toBe('idle')
      await expectWholeLog(client, id, following.events)
    }
  },
)
