import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import type { ConversationView } from '../../src/client/conversation-view.ts'
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
  id = (await client.createConversation()).id
})
afterEach(() => server.close())

const textsOf = ({ entries }: ConversationView) =>
  entries.map((entry) => (entry.kind === 'message' ? entry.content.text : entry.id))

async function follow(
  view: ConversationView,
  until: (view: ConversationView) => boolean,
): Promise<ConversationView> {
  let followed = view
  for await (const event of client.followEvents(id, { after: view.lastSeq })) {
    followed = applyEvent(followed, event)
    if (until(followed)) break
  }
  return followed
}

test('loads a conversation that rests', async () => {
  await client.postMessage(id, { text: 'hello' })
  await follow(await loadView(client, id), ({ lastTurn }) => lastTurn !== undefined)
  const view = await loadView(client, id)
  expect(textsOf(view)).toEqual(['hello', expect.stringMatching(/^You said: hello\./)])
  expect(view.turn).toBeUndefined()
})

test('behavior: loads the half-written answer of a running turn and goes on without a gap', async () => {
  await client.postMessage(id, { text: 'a long one' })
  await follow(await loadView(client, id), ({ lastSeq }) => lastSeq >= 8)
  const view = await loadView(client, id)
  expect(view.turn).toBeDefined()
  expect(textsOf(view)[1]).toMatch(/^You said: a long one\./)
  const done = await follow(view, ({ lastTurn }) => lastTurn !== undefined)
  expect(textsOf(done)[1]).toMatch(/^You said: a long one\. [^…]* End\.$/)
})

test('error: an unknown conversation is not found', async () => {
  await expect(loadView(client, 'unknown')).rejects.toMatchObject({ code: 'not_found', status: 404 })
})
