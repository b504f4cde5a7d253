import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import { type ConversationView, emptyView } from '../../src/client/conversation-view.ts'
import { type Client, createClient } from '../../src/client/create-client.ts'
import { loadView } from '../../src/client/load-view.ts'
import { type FakeServer, startFakeServer } from './fake-server.ts'

let server: FakeServer
let client: Client
let id: string

beforeEach(async () => {
  server = await startFakeServer()
  const { token } = await createClient({ url: server.url }).loginAsGuest()
  client = createClient({ url: server.url, token })
  id = (await client.createConversation({ permissions: 'ask', busyPolicy: 'queue' })).id
})
afterEach(() => server.close())

async function follow(until: (view: ConversationView) => boolean): Promise<ConversationView> {
  let view = emptyView
  for await (const event of client.followEvents(id, { after: 0 })) {
    view = applyEvent(view, event)
    if (until(view)) break
  }
  return view
}

test('lists open requests and answers one', async () => {
  await client.postMessage(id, { text: 'permission please' })
  const { requests } = await follow((view) => view.requests.length > 0)
  const [request] = requests
  expect(await client.listRequests()).toMatchObject({ requests: [{ requestId: request?.requestId }] })
  expect(await client.listRequests({ conversationId: 'other' })).toEqual({ requests: [] })
  expect(server.requests.at(-1)?.query).toBe('?open=true&conversationId=other')
  const answered = await client.answerRequest(request?.requestId ?? '', { decision: 'approve' })
  expect(answered).toEqual({ requestId: request?.requestId, outcome: 'approved' })
  const done = await follow((view) => view.lastTurn !== undefined)
  expect(done.entries).toMatchObject([{ id: 'm_0' }, { kind: 'call', status: 'ok' }, { role: 'assistant' }])
})

test('behavior: a view that is loaded while a person is asked has the request and the call that waits', async () => {
  await client.postMessage(id, { text: 'form please' })
  await follow((view) => view.state === 'waiting')
  const view = await loadView(client, id)
  expect(view).toMatchObject({
    state: 'waiting',
    requests: [{ kind: 'question', form: { title: 'Deployment' } }],
  })
  expect(view.entries.at(-1)).toMatchObject({ kind: 'call', title: 'Ask', status: 'waiting' })
})

test('error: a refused answer says what had become of the request, or which fields are wrong', async () => {
  await expect(client.answerRequest('gone', { decision: 'approve' })).rejects.toMatchObject({
    code: 'request_resolved',
    outcome: 'rejected',
  })
  const errors = [{ path: 'answers.name', code: 'required_field_empty', message: 'Empty.' }]
  server.people.invalid = [errors]
  await client.postMessage(id, { text: 'form please' })
  const { requests } = await follow((view) => view.requests.length > 0)
  const answer = client.answerRequest(requests[0]?.requestId ?? '', { answers: {} })
  await expect(answer).rejects.toMatchObject({ code: 'invalid_answers', errors })
})

test('edits and withdraws a message that waits', async () => {
  await client.postMessage(id, { text: 'slow' })
  const { messageId } = await client.postMessage(id, { text: 'one' })
  expect(await client.editMessage(id, messageId, 'two')).toEqual({ messageId, state: 'queued' })
  const edited = await follow((view) => view.queue[0]?.content.text === 'two')
  expect(edited.queue).toHaveLength(1)
  await client.withdrawMessage(id, messageId)
  const withdrawn = await follow((view) =>
    view.entries.some((each) => 'state' in each && each.state === 'withdrawn'),
  )
  expect(withdrawn.queue).toEqual([])
  await expect(client.withdrawMessage(id, messageId)).rejects.toMatchObject({ code: 'message_started' })
})

test('lists and revokes grants', async () => {
  const expiresAt = '2999-01-01T00:00:00.000Z'
  server.people.grants.push({ id: 'g/1', tool: 'n', createdAt: expiresAt, expiresAt })
  expect(await client.listGrants()).toEqual({ grants: server.people.grants })
  await client.revokeGrant('g/1')
  expect(await client.listGrants()).toEqual({ grants: [] })
  await expect(client.revokeGrant('g/1')).rejects.toMatchObject({ status: 404 })
})

test('resets a conversation that is stalled', async () => {
  server.talk(id)?.append({ type: 'conversation.updated', stalled: true })
  await client.resetConversation(id)
  const talk = server.talk(id)
  expect(talk?.events.at(-1)).toMatchObject({ type: 'conversation.updated', stalled: false })
})
