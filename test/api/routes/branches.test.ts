import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

import type { Conversation } from '../../../src/contracts/conversation.ts'
import { importSizeLimitBytes } from '../../../src/contracts/limits.ts'
import { follow } from '../../support/follow.ts'
import { callsOf, textOf } from '../../support/talk.ts'
import { expectSameTexts } from '../../support/whole-log.ts'
import { type Answer, type Guest, useCheckedProduct } from '../checked-product.ts'
import { openFrames } from '../frames.ts'

const product = useCheckedProduct()

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return product().call('POST', `/api/conversations/${path}`, { token: guest.token, body, headers })
}

/** A conversation whose questions are answered: with a tool call the first one, with a text each other one. */
async function talk(key: string, questions: number) {
  const { client } = guest
  product().gates.open(key)
  await product().model.script(key, [
    callsOf({ name: 'gated', arguments: { gate: key } }),
    { ...textOf('Answer.'), repeat: true },
  ])
  const { id } = await client.createConversation({ title: key })
  const following = follow(client, id)
  const messageIds: string[] = []
  for (let turn = 1; turn <= questions; turn += 1) {
    const { messageId } = await client.postMessage(id, { text: `Question ${turn} [script:${key}]` })
    messageIds.push(messageId)
    await following.untilTurns(turn)
  }
  return { id, following, messageIds }
}

const bodySchema = z.object({ messages: z.array(z.object({ role: z.string(), content: z.unknown() })) })

/** What the model was told by users and tools in its latest request. */
async function lastTold(key: string): Promise<unknown[]> {
  const request = (await product().model.requests(key)).at(-1)
  const { messages } = bodySchema.parse(request?.body)
  return messages.filter(({ role }) => role !== 'system').map(({ content }) => content)
}

async function textsOf(id: string): Promise<unknown[]> {
  const { messages } = await guest.client.getConversation(id)
  return messages.filter(({ role }) => role === 'user').map(({ text }) => text)
}

test('an edited message is answered in the place of the old one, and the old branch stays readable', async () => {
  const { id, following, messageIds } = await talk('edit', 3)
  const [, second = ''] = messageIds
  const wish = { messageId: second, text: 'Better [script:edit]', clientMessageId: 'edit-1' }
  const first = await post(`${id}/regenerate`, wish)
  expect(first.status).toBe(202)
  await following.untilTurns(4)
  const repeat = await post(`${id}/regenerate`, wish)
  expect(repeat).toMatchObject({ status: 200, body: first.body })
  following.close()

  expect(await textsOf(id)).toEqual(['Question 1 [script:edit]', 'Better [script:edit]'])
  expect(await lastTold('edit')).toEqual([
    'Question 1 [script:edit]',
    null,
    expect.stringContaining('edit'),
    'Answer.',
    'Better [script:edit]',
  ])
  await expectSameTexts(guest.client, id, following.events)
  const types = following.events.map(({ type }) => type)
  expect(types.lastIndexOf('user.message')).toBe(types.indexOf('messages.superseded') + 1)
  const old = await guest.client.listMessages(id, { branch: second })
  expect(old.messages.filter(({ role }) => role === 'user').map(({ supersededBy }) => supersededBy)).toEqual([
    undefined,
    ...Array(2).fill(z.object({ messageId: z.string() }).parse(first.body).messageId),
  ])
})

test('behavior: of two tabs that edit at once, one wins', async () => {
  const { id, following, messageIds } = await talk('tabs', 1)
  await product().model.script('tabs', [textOf({ gate: 'tabs' }, 'Done.')])
  const [messageId] = messageIds
  const answers = await Promise.all(
    ['One', 'Two'].map((text) => post(`${id}/regenerate`, { messageId, text: `${text} [script:tabs]` })),
  )
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409])
  expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'turn_running' })
  await product().model.openGate('tabs')
  await following.untilTurns(2)
  following.close()
  expect(await textsOf(id)).toHaveLength(1)
})

test('error: an edit that cannot be says why', async () => {
  const { id, following, messageIds } = await talk('refused', 1)
  following.close()
  const [messageId] = messageIds
  const { messages } = await guest.client.getConversation(id)
  const answer = messages.at(-1)?.id
  const refused = [
    [{ messageId: answer }, 422, 'not_a_user_message'],
    [{ messageId: 'm_none' }, 404, 'not_found'],
    [{ messageId, model: 'no/such' }, 422, 'unknown_model'],
    [{ messageId, text: ' ' }, 422, 'invalid_request'],
    [{}, 422, 'invalid_request'],
  ] as const
  for (const [body, status, code] of refused)
    expect(await post(`${id}/regenerate`, body)).toMatchObject({ status, body: { code } })
  const other = await product().guest()
  for (const action of ['regenerate', 'fork']) {
    const path = `/api/conversations/${id}/${action}`
    const stranger = await product().call('POST', path, { token: other.token, body: { messageId } })
    expect(stranger).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
  expect(await textsOf(id)).toEqual(['Question 1 [script:refused]'])
})

test('a fork goes on by itself, from a snapshot, and the same Idempotency-Key makes it once', async () => {
  const { id, following, messageIds } = await talk('forked', 2)
  const body = { messageId: messageIds[0] }
  const headers = { 'idempotency-key': 'fork-1' }
  const made = await post(`${id}/fork`, body, headers)
  const repeat = await post(`${id}/fork`, body, headers)
  expect([made.status, repeat.status]).toEqual([201, 200])
  expect(repeat.body).toEqual(made.body)
  const fork = made.body as Conversation
  expect(fork).toMatchObject({ title: 'forked (fork)', forkedFrom: { conversationId: id }, lastSeq: 1 })

  const url = `${product().url}/api/conversations/${fork.id}/events`
  for (const query of ['', '?after=0']) {
    await using frames = await openFrames(product().contract.fetch, url + query, {
      authorization: `Bearer ${guest.token}`,
    })
    const [frame] = await frames.take(1)
    expect(frame).toMatchObject({
      id: '1',
      data: { type: 'snapshot', lastSeq: 1, messages: [{ role: 'user' }] },
    })
  }
  expect(await guest.client.listEvents(fork.id)).toEqual({
    events: [],
    nextAfter: 0,
    hasMore: false,
    keptAfter: 1,
  })

  const forked = follow(guest.client, fork.id)
  await guest.client.postMessage(fork.id, { text: 'Otherwise [script:forked]', clientMessageId: 'same' })
  await forked.untilTurns(1)
  forked.close()
  following.close()
  expect(await lastTold('forked')).toEqual(['Question 1 [script:forked]', 'Otherwise [script:forked]'])
  expect(await textsOf(id)).toEqual([1, 2].map((turn) => `Question ${turn} [script:forked]`))
})

test('pages of messages hold every message once, and a call with its results', async () => {
  const { id, following } = await talk('pages', 3)
  following.close()
  const all = (await guest.client.getConversation(id)).messages
  const seen = []
  let before: string | undefined
  do {
    const page = await guest.client.listMessages(id, {
      limit: 2,
      ...(before === undefined ? {} : { before }),
    })
    expect(page.messages[0]?.role).not.toBe('tool')
    seen.unshift(...page.messages)
    before = page.olderMessages
  } while (before !== undefined)
  expect(seen).toEqual(all)
})

test('what was exported can be imported, is the same, and goes on', async () => {
  const { id, following, messageIds } = await talk('export', 2)
  await guest.client.regenerate(id, { messageId: messageIds[1] ?? '', text: 'Edited [script:export]' })
  await following.untilTurns(3)
  following.close()
  const download = (conversation: string, format: string) =>
    product().call('GET', `/api/conversations/${conversation}/export?format=${format}`, {
      token: guest.token,
    })
  const file = await download(id, 'json')
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${id}.json"`)
  const made = await post('import', file.body)
  expect(made).toMatchObject({ status: 201, body: { title: 'export', lastSeq: 1 } })
  const copy = made.body as Conversation
  const again = await download(copy.id, 'json')
  const { messages } = z.object({ messages: z.array(z.object({ id: z.string() })) }).parse(file.body)
  const copied = z.object({ messages: z.array(z.object({ id: z.string() })) }).parse(again.body)
  expect(normalised(again.text, copied.messages, copy.id)).toEqual(normalised(file.text, messages, id))

  const markdown = await download(copy.id, 'markdown')
  expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  expect(markdown.text).toContain('Edited [script:export]')

  const going = follow(guest.client, copy.id)
  await guest.client.postMessage(copy.id, { text: 'Go on [script:export]' })
  await going.untilTurns(1)
  going.close()
  expect(await lastTold('export')).toEqual([
    'Question 1 [script:export]',
    null,
    expect.stringContaining('export'),
    'Answer.',
    'Edited [script:export]',
    'Answer.',
    'Go on [script:export]',
  ])
})

test('error: an import that is wrong is refused with the place, and one that is too large', async () => {
  const { id } = await guest.client.createConversation()
  const exported = JSON.parse(await guest.client.exportConversation(id))
  const message = { id: 'm_1', role: 'user', state: 'done', createdAt: '2026-01-01T00:00:00Z', text: 'Hello' }
  const result = {
    ...message,
    id: `${id}.t1.r0.c0`,
    callId: `${id}.t1.r0.c0`,
    role: 'tool',
    turnId: `${id}.t1`,
  }
  const wrong = [
    [{ ...exported, version: 2 }, 'version'],
    [{ ...exported, conversation: { ...exported.conversation, model: 'no/such' } }, 'conversation.model'],
    [{ ...exported, conversation: { ...exported.conversation, tools: ['no_such'] } }, 'conversation.tools'],
    [{ ...exported, messages: [{ ...message, state: 'queued' }] }, 'messages.0.state'],
    [{ ...exported, messages: [message, message] }, 'messages.1.id'],
    [{ ...exported, messages: [{ ...message, turnId: 'other.t1' }] }, 'messages.0.turnId'],
    [{ ...exported, messages: [{ ...message, parentId: 'm_2' }] }, 'messages.0.parentId'],
    [{ ...exported, messages: [{ ...message, supersededBy: 'm_1' }] }, 'messages.0.supersededBy'],
    [{ ...exported, messages: [result] }, 'messages.0.callId'],
    [{ ...exported, clearedUpTo: 'm_1' }, 'clearedUpTo'],
    [{ ...exported, extra: 1 }, 'extra'],
  ] as const
  for (const [body, path] of wrong)
    expect(await post('import', body)).toMatchObject({
      status: 422,
      body: { code: 'import_invalid', errors: [{ path }] },
    })
  const large = { ...exported, messages: [{ ...message, text: 'x'.repeat(importSizeLimitBytes) }] }
  expect(await post('import', large)).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
})

/** Ids by the order in which they are met, and no times. */
function normalised(text: string, messages: readonly { id: string }[], conversationId: string): unknown {
  let named = text
  for (const [index, { id }] of messages.entries()) named = named.replaceAll(`"${id}"`, `"message ${index}"`)
  return JSON.parse(named.replaceAll(conversationId, 'conversation'), (key, value: unknown) =>
    key === 'createdAt' || key === 'exportedAt' ? 'time' : value,
  )
}
