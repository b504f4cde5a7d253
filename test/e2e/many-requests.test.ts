import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { retryWhileUnavailable } from '../../src/client/retry-while-unavailable.ts'
import { questionOf, readResults, untilAsked } from '../support/asked.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product

beforeAll(async () => {
  // Fewer activities at a time than conversations that wait: whoever waits for a person must not take a place.
  product = await startProduct({ env: { PERDURA_WORKER_SLOTS: '4' } })
})
afterAll(() => product.close())

/** Conversations that have asked a question each, and wait. */
async function startAsking(client: Client, keys: readonly string[]) {
  return Promise.all(
    keys.map(async (key) => {
      const talk = await startTalk(product, client, key, [questionOf(), textOf('Thank you.')])
      const { requestId } = await untilAsked(talk.following)
      return { ...talk, client, key, requestId }
    }),
  )
}

test('a hundred open requests that are answered at the same moment all arrive', async () => {
  const owners = await Promise.all(Array.from({ length: 10 }, () => product.login()))
  const keysOf = (owner: number) => Array.from({ length: 10 }, (_, index) => `hundred-${owner}-${index}`)
  const asked = (
    await Promise.all(owners.map(async (client, owner) => startAsking(client, keysOf(owner))))
  ).flat()
  const lists = await Promise.all(owners.map((client) => client.listRequests()))
  const choices = asked.map((_, index) => (index % 3 === 0 ? 'left' : 'right'))
  const answers = await Promise.all(
    asked.map(({ client, requestId }, index) =>
      // As every client does: a worker that is too busy for a hundred at once is asked again.
      retryWhileUnavailable(() =>
        client.answerRequest(requestId, { answers: { which: choices[index] ?? '' } }),
      ),
    ),
  )
  const ends = await Promise.all(asked.map(({ following }) => following.untilTurns(1)))
  for (const { following } of asked) following.close()

  expect(lists.map(({ requests }) => requests.length)).toEqual(owners.map(() => 10))
  expect(answers).toEqual(asked.map(({ requestId }) => ({ requestId, outcome: 'answered' })))
  expect(ends.map((end) => ofType([end], 'turn.finished')[0]?.outcome)).toEqual(asked.map(() => 'success'))
  const given = await Promise.all(asked.map(({ key }) => readResults(product.model, key, 2)))
  expect(given).toEqual(choices.map((which) => [{ answers: { which } }]))
  for (const { client, id, following } of asked) await expectWholeLog(client, id, following.events)
})

test('who waits in one conversation delays no other', async () => {
  const client = await product.login()
  const waiting = await startAsking(
    client,
    Array.from({ length: 5 }, (_, index) => `waiting-${index}`),
  )
  const other = await startTalk(product, client, 'other', [textOf('At once.')])
  expect(await other.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  const [first, ...later] = waiting
  await client.answerRequest(first?.requestId ?? '', { answers: { which: 'left' } })
  expect(await first?.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  const states = await Promise.all(
    later.map(async ({ id }) => (await client.getConversation(id)).conversation),
  )
  expect(states.map(({ state }) => state)).toEqual(later.map(() => 'waiting'))
  for (const { following } of [...waiting, other]) following.close()
})
