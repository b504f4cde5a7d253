import { expect, test } from 'vitest'
import { applyEvent } from '../../src/client/apply-event.ts'
import { addOlder, loadOlder } from '../../src/client/load-older.ts'
import { createClient } from '../../src/client/create-client.ts'
import { viewOfSnapshot } from '../../src/client/view-of-snapshot.ts'
import type { Message } from '../../src/contracts/conversation.ts'
import type { EventBody } from '../../src/contracts/event.ts'
import { recordedSnapshot } from './recorded-turns.ts'

const ts = '2026-11-21T12:00:00.000Z'
const message = (id: string): Message => ({ id, role: 'user', text: id, state: 'done', createdAt: ts })
const said = Array.from({ length: 7 }, (_, index) => message(`m${index}`))

/** Pages of two; the cursor is how many are left. */
function pagesOf(messages: readonly Message[]) {
  const asked: string[] = []
  const fetchPage: typeof fetch = async (url) => {
    const { pathname, searchParams } = new URL(url instanceof Request ? url.url : url)
    asked.push(`${pathname}?${searchParams.toString()}`)
    const end = Number(searchParams.get('before'))
    const start = Math.max(0, end - 2)
    return Response.json({
      messages: messages.slice(start, end),
      ...(start > 0 && { olderMessages: String(start) }),
    })
  }
  return { asked, client: createClient({ url: 'http://x', token: 't', fetch: fetchPage }) }
}

function latest(count: number) {
  const { conversation } = recordedSnapshot()
  return viewOfSnapshot({
    conversation,
    messages: said.slice(-count),
    olderMessages: String(said.length - count),
    contextChanges: [],
    openRequests: [],
    queue: [],
    calls: [],
    lastSeq: 50,
  })
}

const event = (seq: number, body: EventBody) => ({ v: 1, seq, conversationId: 'c', ts, ...body }) as const

test('older messages are put in front, page by page, until there are no more', async () => {
  const { client, asked } = pagesOf(said)
  let view = latest(2)
  for (let page = await loadOlder(client, 'c', view); page; page = await loadOlder(client, 'c', view))
    view = addOlder(view, page)
  expect(view.entries.map(({ id }) => id)).toEqual(said.map(({ id }) => id))
  expect(view.olderMessages).toBeUndefined()
  expect(asked.at(0)).toBe('/api/conversations/c/messages?before=5')
  expect(asked).toHaveLength(3)
})

test('behavior: events that come while a page is loaded are kept, and the page may come twice', async () => {
  const { client } = pagesOf(said)
  const before = latest(2)
  const page = await loadOlder(client, 'c', before)
  if (!page) throw new Error('no page')
  const meanwhile = applyEvent(
    before,
    event(51, { type: 'user.message', messageId: 'new', text: 'n', via: 'api' }),
  )
  const once = addOlder(meanwhile, page)
  expect(once.entries.map(({ id }) => id)).toEqual(['m3', 'm4', 'm5', 'm6', 'new'])
  expect(once.lastSeq).toBe(51)
  expect(addOlder(once, page)).toEqual(once)
})

test('behavior: what was edited away while a page was loaded does not come back', async () => {
  const { client } = pagesOf(said)
  const before = latest(2)
  const page = await loadOlder(client, 'c', before)
  if (!page) throw new Error('no page')
  const ids = ['m4', 'm5', 'm6']
  const meanwhile = applyEvent(before, event(51, { type: 'messages.superseded', messageIds: ids, by: 'x' }))
  expect(addOlder(meanwhile, page).entries.map(({ id }) => id)).toEqual(['m3'])
})

test('behavior: a page for a view that a snapshot has replaced is left out', async () => {
  const { client } = pagesOf(said)
  const page = await loadOlder(client, 'c', latest(2))
  if (!page) throw new Error('no page')
  const anew = latest(3)
  expect(addOlder(anew, page)).toBe(anew)
})
