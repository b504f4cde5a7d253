import { expect, test } from 'vitest'

import { follow } from '../../support/follow.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { type Frames, openFrames } from '../frames.ts'

const product = useCheckedProduct()

function openOwnerStream({ token }: Guest): Promise<Frames> {
  const { fetch } = product().contract
  return openFrames(fetch, `${product().url}/api/events`, { authorization: `Bearer ${token}` })
}

/** Takes frames until so many turns have ended. */
async function untilTurns(stream: Frames, count: number) {
  const seen: { type: string; conversationId: string; outcome?: string; title?: string }[] = []
  while (seen.filter(({ type }) => type === 'turn.finished').length < count) {
    for (const { id, data } of await stream.take(1)) {
      expect(id).toBeUndefined()
      seen.push(JSON.parse(JSON.stringify(data)))
    }
  }
  return seen
}

test('default: tells changes and ends of turns of all conversations, and nothing else', async () => {
  await product().model.script('owner', [{ parts: [{ type: 'text', text: 'Hello.' }], repeat: true }])
  const guest = await product().guest()
  await using stream = await openOwnerStream(guest)
  // With a title: one that the product finds afterwards would come between the others.
  const ids = await Promise.all(
    ['One', 'Two'].map(async (title) => (await guest.client.createConversation({ title })).id),
  )
  for (const id of ids) await guest.client.postMessage(id, { text: 'Hi [script:owner]' })
  const seen = await untilTurns(stream, 2)
  expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(['conversation.updated', 'turn.finished']))
  expect(
    seen
      .filter(({ type }) => type === 'turn.finished')
      .map(({ conversationId }) => conversationId)
      .toSorted(),
  ).toEqual(ids.toSorted())
  await guest.client.updateConversation(ids[0] ?? '', { title: 'Renamed' })
  expect((await stream.take(1))[0]?.data).toMatchObject({
    type: 'conversation.updated',
    title: 'Renamed',
    conversationId: ids[0],
  })
})

test('behavior: an end that is too large to be notified of is told too', async () => {
  await product().model.script('large', [{ parts: [{ type: 'text', text: 'x'.repeat(20_000) }] }])
  const guest = await product().guest()
  await using stream = await openOwnerStream(guest)
  const { id } = await guest.client.createConversation()
  await guest.client.postMessage(id, { text: 'Hi [script:large]' })
  const seen = await untilTurns(stream, 1)
  expect(seen.at(-1)).toMatchObject({ type: 'turn.finished', outcome: 'success', conversationId: id })
})

test("error: somebody else's conversations are never told", async () => {
  await product().model.script('private', [
    { parts: [{ type: 'text', text: 'x'.repeat(20_000) }], repeat: true },
  ])
  const [guest, other] = await Promise.all([product().guest(), product().guest()])
  await using stream = await openOwnerStream(guest)
  const theirs = (await other.client.createConversation()).id
  const following = follow(other.client, theirs)
  await other.client.postMessage(theirs, { text: 'Hi [script:private]' })
  await following.untilTurns(1)
  following.close()
  const own = (await guest.client.createConversation()).id
  await guest.client.postMessage(own, { text: 'Hi [script:private]' })
  const seen = await untilTurns(stream, 1)
  expect(new Set(seen.map(({ conversationId }) => conversationId))).toEqual(new Set([own]))
})
