import { beforeAll, expect, test } from 'vitest'

import { applyEvent } from '../../../src/client/apply-event.ts'
import { emptyView } from '../../../src/client/conversation-view.ts'
import type { Message } from '../../../src/contracts/conversation.ts'
import type { StreamEvent } from '../../../src/contracts/event.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { withDatabase } from '../with-database.ts'

// Without a worker what waits goes on waiting.
const product = useCheckedProduct({ workers: 0 })

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

const createdAt = '2026-01-01T00:00:00.000Z'

/** A conversation with two answered questions. */
async function importTalk(): Promise<{ id: string; messages: Message[] }> {
  const { id: empty } = await guest.client.createConversation({ title: 'Two questions' })
  const exported = JSON.parse(await guest.client.exportConversation(empty))
  const said = (['user', 'assistant', 'user', 'assistant'] as const).map((role, index) => ({
    id: role === 'user' ? `m_${index}` : `${empty}.t${index}.r0`,
    role,
    text: `Said ${index}`,
    state: 'done',
    turnId: `${empty}.t${role === 'user' ? index + 1 : index}`,
    createdAt,
  }))
  const { id } = await guest.client.importConversation({ ...exported, messages: said })
  const { messages } = await guest.client.getConversation(id)
  return { id, messages }
}

/** What a client is sent, up to the first event of a type. */
async function readUntil(
  stream: AsyncGenerator<StreamEvent>,
  type: StreamEvent['type'],
): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = []
  while (seen.at(-1)?.type !== type) {
    const { value } = await stream.next()
    if (value) seen.push(value)
  }
  return seen
}

const shownIn = (events: readonly StreamEvent[]) =>
  events.reduce(applyEvent, emptyView).entries.map(({ id }) => id)

test('an edit that is withdrawn gives back what it had replaced, to every client', async () => {
  const { id, messages } = await importTalk()
  const stream = guest.client.followEvents(id)
  const seen = await readUntil(stream, 'snapshot')
  const { messageId } = await guest.client.regenerate(id, {
    messageId: messages[2]?.id ?? '',
    text: 'Instead',
  })
  const edited = await guest.client.getConversation(id)
  expect(edited.messages).toEqual(messages.slice(0, 2))
  expect(edited.queue).toMatchObject([{ messageId, text: 'Instead' }])

  for (let repeat = 0; repeat < 2; repeat += 1) await guest.client.withdrawMessage(id, messageId)
  const after = await guest.client.getConversation(id)
  expect(after.messages.slice(0, 4)).toEqual(messages)
  expect(after.messages.slice(4)).toMatchObject([{ id: messageId, state: 'withdrawn' }])
  expect(after.queue).toEqual([])
  seen.push(...(await readUntil(stream, 'messages.restored')))
  await stream.return(undefined)
  expect(seen.at(-1)).toMatchObject({ messageIds: messages.slice(2).map((each) => each.id), by: messageId })
  expect(shownIn(seen)).toEqual(after.messages.map((each) => each.id))

  // One that has only come after the edit is given what it lacks.
  const late = guest.client.followEvents(id, { after: edited.lastSeq })
  const given = await readUntil(late, 'snapshot')
  await late.return(undefined)
  expect(given.map(({ type }) => type)).toEqual(['message.withdrawn', 'messages.restored', 'snapshot'])
  expect(shownIn(given)).toEqual(shownIn(seen))
})

test('error: it cannot be withdrawn once another message was answered', async () => {
  const { id, messages } = await importTalk()
  const { messageId } = await guest.client.regenerate(id, { messageId: messages[2]?.id ?? '' })
  await withDatabase(product().databaseUrl, (database) =>
    database.query(
      `insert into messages (id, conversation_id, role, text, state) values ($1 || '.other', $1, 'user', 'Other', 'done')`,
      [id],
    ),
  )
  const path = `/api/conversations/${id}/messages/${messageId}`
  expect(await product().call('DELETE', path, { token: guest.token })).toMatchObject({
    status: 409,
    body: { code: 'edit_overtaken' },
  })
})
