import { beforeAll, expect, test } from 'vitest'

import { readGiven } from '../../support/asked.ts'
import { follow, type Following, ofType } from '../../support/follow.ts'
import { textOf } from '../../support/talk.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'

const product = useCheckedProduct()

let guest: Guest
beforeAll(async () => {
  guest = await product().guest()
})

type Busy = { id: string; path: string; following: Following; open(): Promise<void> }

/** A conversation whose model is in the middle of its first answer; the next answers come at once. */
async function startBusy(key: string, busyPolicy?: 'reject'): Promise<Busy> {
  await product().model.script(key, [
    textOf('Half. ', { gate: key }, 'Whole.'),
    { ...textOf('Next.'), repeat: true },
  ])
  const { id } = await guest.client.createConversation(busyPolicy === undefined ? {} : { busyPolicy })
  const following = follow(guest.client, id)
  await guest.client.postMessage(id, { text: `Go [script:${key}]` })
  await following.until(({ type }) => type === 'text.delta')
  return {
    id,
    path: `/api/conversations/${id}/messages`,
    following,
    open: () => product().model.openGate(key),
  }
}

function call(method: string, path: string, body?: unknown, token = guest.token) {
  return product().call(method, path, { token, ...(body === undefined ? {} : { body }) })
}

async function postWaiting(path: string, text: string): Promise<string> {
  const { status, body } = await call('POST', path, { text })
  expect(status).toBe(202)
  return JSON.parse(JSON.stringify(body)).messageId
}

test('default: messages that wait are listed, changed and withdrawn', async () => {
  const { id, path, following, open } = await startBusy('edit')
  const [kept, gone] = [await postWaiting(path, 'old'), await postWaiting(path, 'never')]
  expect(await call('PATCH', `${path}/${kept}`, { text: 'new' })).toMatchObject({
    status: 200,
    body: { messageId: kept, state: 'queued' },
  })
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await call('DELETE', `${path}/${gone}`)).toMatchObject({ status: 204 })
  expect((await guest.client.getConversation(id)).queue).toEqual([
    { messageId: kept, text: 'new', position: 0 },
  ])
  await open()
  await following.untilTurns(2)
  following.close()
  const given = await readGiven(product().model, 'edit', 2)
  expect(given.map(({ content }) => content)).toEqual(['Go [script:edit]', 'Half. Whole.', 'new'])
  expect(ofType(following.events, 'turn.started')).toHaveLength(2)
  expect(ofType(following.events, 'message.updated')).toMatchObject([{ messageId: kept, text: 'new' }])
  expect(ofType(following.events, 'message.withdrawn')).toMatchObject([{ messageId: gone }])
  for (const [method, body] of [['PATCH', { text: 'late' }], ['DELETE']] as const)
    expect(await call(method, `${path}/${kept}`, body)).toMatchObject({
      status: 409,
      body: { code: 'message_started' },
    })
})

test('behavior: a message that was withdrawn stays so when it is posted again', async () => {
  const { path, following, open } = await startBusy('again')
  const body = { text: 'Hello', clientMessageId: 'one' }
  await call('POST', path, body)
  const [event] = [await following.until(({ type }) => type === 'message.queued')]
  const messageId = event.type === 'message.queued' ? event.messageId : ''
  await call('DELETE', `${path}/${messageId}`)
  expect(await call('POST', path, body)).toMatchObject({ status: 200, body: { state: 'withdrawn' } })
  await open()
  await following.untilTurns(1)
  following.close()
})

test('behavior: a message that interrupts stops the turn, and runs next', async () => {
  const { path, following } = await startBusy('interrupt')
  expect(await call('POST', path, { text: 'Now', busyPolicy: 'interrupt' })).toMatchObject({ status: 202 })
  await following.untilTurns(2)
  following.close()
  expect(ofType(following.events, 'turn.finished')).toMatchObject([
    { outcome: 'cancelled', code: 'stopped' },
    { outcome: 'success' },
  ])
  const given = await readGiven(product().model, 'interrupt', 2)
  expect(given.map(({ content }) => content)).toEqual(['Go [script:interrupt]', 'Half. ', 'Now'])
})

test('behavior: a conversation takes and tells its policies', async () => {
  const { id } = await guest.client.createConversation()
  for (const busyPolicy of ['steer', 'interrupt', 'reject', 'queue'] as const)
    expect(await call('PATCH', `/api/conversations/${id}`, { busyPolicy })).toMatchObject({
      status: 200,
      body: { busyPolicy, permissions: 'allowReads' },
    })
  for (const permissions of ['ask', 'denyAll'] as const) {
    expect(await call('POST', '/api/conversations', { permissions })).toMatchObject({ body: { permissions } })
    expect(await call('PATCH', `/api/conversations/${id}`, { permissions })).toMatchObject({ status: 200 })
  }
  const { events } = await guest.client.listEvents(id)
  expect(ofType(events, 'conversation.updated').map((each) => each.busyPolicy ?? each.permissions)).toEqual([
    'steer',
    'interrupt',
    'reject',
    'queue',
    'ask',
    'denyAll',
  ])
})

test('error: a busy conversation that rejects says which turn runs', async () => {
  const { id, path, following, open } = await startBusy('reject', 'reject')
  expect(await call('POST', path, { text: 'Now' })).toMatchObject({
    status: 409,
    body: { code: 'turn_running', turnId: `${id}.t1` },
  })
  expect(await call('POST', path, { text: 'Later', busyPolicy: 'queue' })).toMatchObject({ status: 202 })
  await open()
  await following.untilTurns(2)
  following.close()
})

test('error: a message that does not wait, or not here, is neither changed nor withdrawn', async () => {
  const { path, following, open } = await startBusy('errors')
  const waiting = await postWaiting(path, 'Hello')
  const stranger = await product().guest()
  const elsewhere = path.replace(/c_[^/]+/, (await guest.client.createConversation()).id)
  for (const [method, body] of [['PATCH', { text: 'new' }], ['DELETE']] as const) {
    const at = (to: string, token?: string) => call(method, to, body, token)
    expect(await at(`${path}/${waiting}`, stranger.token)).toMatchObject({ status: 404 })
    expect(await at(`${elsewhere}/${waiting}`)).toMatchObject({ status: 404 })
    expect(await at(`${path}/m_none`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
  for (const body of [
    {},
    { text: '' },
    { text: ' \n' },
    { text: 'x'.repeat(100_001) },
    { text: 'x', to: 'y' },
  ])
    expect(await call('PATCH', `${path}/${waiting}`, body)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request' },
    })
  await open()
  await following.untilTurns(2)
  following.close()
  expect(ofType(following.events, 'message.updated')).toEqual([])
})
