import { type AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Conversation } from '../../src/contracts/conversation.ts'
import { fakeBranchRoutes } from './fake-branch-routes.ts'
import { FakeConversation } from './fake-conversation.ts'
import { problem } from './fake-problem.ts'
import { type FakeMemory, fakeOwnerRoutes } from './fake-owner-routes.ts'
import { type FakeRequests, fakeRequestRoutes } from './fake-request-routes.ts'
import { streamOf } from './fake-stream.ts'
import { runScriptedTurn } from './scripted-turn.ts'

/** What the fake server does wrong; each number counts down. */
export type Faults = {
  /** Streams that are cut after this many events. */
  cutAfter: number[]
  /** Requests below /api that are answered 503 with this Retry-After. */
  unavailable: number
  retryAfter: string
  /** Streams that open and then say nothing at all. */
  silent: number
}

export type FakeServer = Awaited<ReturnType<typeof startFakeServer>>

/** A small double of the API that speaks its real wire. */
export async function startFakeServer(port = 0) {
  const tokens = new Map<string, string>()
  const talks = new Map<string, { owner: string; talk: FakeConversation }>()
  const faults: Faults = { cutAfter: [], unavailable: 0, retryAfter: '0', silent: 0 }
  const requests: { method: string; path: string; query: string; authorization: string | undefined }[] = []
  const people: FakeRequests = { answers: [], grants: [], noWorker: 0, invalid: [], beforeAnswer: () => {} }
  const app = new Hono<{ Variables: { owner: string } }>()
  const talksOf = (owner: string) =>
    [...talks.values()].flatMap((each) => (each.owner === owner ? [each.talk] : []))

  const memory: FakeMemory = { enabled: false, entries: [] }
  const addTalk = (owner: string, fields: Partial<Conversation>) => {
    const talk = new FakeConversation(`c${talks.size + 1}`, fields)
    talks.set(talk.conversation.id, { owner, talk })
    return talk
  }

  app.get('/readyz', (c) => c.json({ status: 'ok', database: true, temporal: true, accepting: true }))
  app.use('/api/*', async (c, next) => {
    const authorization = c.req.header('authorization')
    requests.push({ method: c.req.method, path: c.req.path, query: new URL(c.req.url).search, authorization })
    if (faults.unavailable > 0) {
      faults.unavailable -= 1
      return problem(c, 503, 'temporal_unavailable', { headers: { 'retry-after': faults.retryAfter } })
    }
    if (c.req.path === '/api/auth/guest') return next()
    const owner = tokens.get(authorization?.replace('Bearer ', '') ?? '')
    if (owner === undefined) return problem(c, 401, 'unauthorized')
    c.set('owner', owner)
    return next()
  })
  app.post('/api/auth/guest', (c) => {
    const owner = `o_${tokens.size + 1}`
    const token = `pdr_${owner}_${Math.random().toString(36).slice(2)}`
    tokens.set(token, owner)
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
    return c.json({ token, owner: { id: owner, kind: 'guest' }, expiresAt }, 201)
  })
  app.get('/api/auth/me', (c) => c.json({ id: c.get('owner'), kind: 'guest' }))
  app.post('/api/conversations', async (c) => {
    const fields = await c.req.json()
    if (fields.model === 'nope') return problem(c, 422, 'unknown_model')
    return c.json(addTalk(c.get('owner'), fields).conversation, 201)
  })
  app.post('/api/conversations/import', async (c) => {
    const { conversation, messages } = await c.req.json()
    const { id: _id, ...fields } = conversation
    const talk = addTalk(c.get('owner'), fields)
    talk.messages.push(...messages)
    return c.json(talk.conversation, 201)
  })
  app.get('/api/conversations', (c) => {
    const q = c.req.query('q')
    const found = talksOf(c.get('owner')).flatMap((talk) => {
      const { conversation, messages } = talk.snapshot()
      const match = messages.find(({ text }) => q !== undefined && text?.includes(q))
      if (q !== undefined && !match) return []
      return [
        { ...conversation, ...(match && { match: { messageId: match.id, snippet: match.text ?? '' } }) },
      ]
    })
    return c.json({ conversations: found, nextCursor: null })
  })
  app.route('/api', fakeRequestRoutes(people, talksOf))
  app.route('/api', fakeOwnerRoutes(memory))

  const one = new Hono<{ Variables: { owner: string; talk: FakeConversation } }>()
  one.use('/:id/*', findTalk)
  one.get('/:id', findTalk, (c) => c.json(c.get('talk').snapshot()))
  one.post('/:id/messages', async (c) => {
    const talk = c.get('talk')
    const { text, clientMessageId, model, busyPolicy = talk.conversation.busyPolicy } = await c.req.json()
    const messageId = `m_${clientMessageId ?? talk.posted.size}`
    const known = talk.posted.get(messageId)
    if (known !== undefined && known !== text) return problem(c, 409, 'message_conflict')
    if (known !== undefined) return c.json({ messageId, state: 'started' }, 200)
    if (talk.turn && busyPolicy === 'reject') return problem(c, 409, 'turn_running')
    talk.posted.set(messageId, text)
    if (model !== undefined) talk.models.set(messageId, model)
    talk.append({ type: 'user.message', messageId, clientMessageId, text, via: 'api' }, undefined)
    if (!talk.turn) {
      void drain(talk, messageId)
      return c.json({ messageId, state: 'started' }, 202)
    }
    talk.append({ type: 'message.queued', messageId, text, position: talk.waiting.length }, undefined)
    if (busyPolicy === 'steer') talk.steer(messageId)
    else talk.waiting.push(messageId)
    if (busyPolicy === 'interrupt') talk.stop.abort()
    return c.json({ messageId, state: 'queued' }, 202)
  })
  one.patch('/:id', findTalk, async (c) => {
    const { conversation } = c.get('talk')
    const changes = await c.req.json()
    if (changes.modelSettings?.temperature > 2) return problem(c, 422, 'unsupported_setting')
    Object.assign(conversation, changes)
    c.get('talk').append({ type: 'conversation.updated', ...changes }, undefined)
    return c.json(conversation)
  })
  one.patch('/:id/messages/:messageId', async (c) => {
    const messageId = c.req.param('messageId')
    const { text } = await c.req.json()
    const position = c.get('talk').waiting.indexOf(messageId)
    if (position === -1) return problem(c, 409, 'message_started')
    c.get('talk').posted.set(messageId, text)
    c.get('talk').append({ type: 'message.updated', messageId, text, position }, undefined)
    return c.json({ messageId, state: 'queued' })
  })
  one.delete('/:id/messages/:messageId', (c) => {
    const { waiting } = c.get('talk')
    const messageId = c.req.param('messageId')
    if (!waiting.includes(messageId)) return problem(c, 409, 'message_started')
    waiting.splice(waiting.indexOf(messageId), 1)
    c.get('talk').append({ type: 'message.withdrawn', messageId }, undefined)
    return c.body(null, 204)
  })
  one.post('/:id/reset', (c) => {
    c.get('talk').conversation.stalled = false
    c.get('talk').append({ type: 'conversation.updated', stalled: false }, undefined)
    return c.body(null, 202)
  })
  one.post('/:id/cancel', async (c) => {
    const { callId } = (await c.req.json()) as { callId?: string }
    const { turn, stop } = c.get('talk')
    if (callId !== undefined) return c.json({ turnId: null, ...c.get('talk').stopCall(callId) }, 202)
    if (turn) stop.abort()
    return c.json({ turnId: turn?.turnId ?? null }, 202)
  })
  one.get('/:id/events', (c) => {
    const talk = c.get('talk')
    const after = c.req.query('after')
    if (after !== undefined && Number(after) > talk.conversation.lastSeq)
      return problem(c, 409, 'cursor_ahead')
    if (c.req.header('accept') === 'application/json') {
      const events = talk.events.filter(({ seq }) => seq > Number(after ?? 0))
      return c.json({ events, nextAfter: talk.conversation.lastSeq, hasMore: false })
    }
    const silent = faults.silent > 0 && faults.silent-- > 0
    const body = streamOf(
      talk,
      after === undefined ? undefined : Number(after),
      { cutAfter: faults.cutAfter.shift(), silent },
      c.req.raw.signal,
    )
    return c.body(body, 200, { 'content-type': 'text/event-stream' })
  })
  one.use('/:id/*', findTalk)
  one.route('/', fakeBranchRoutes({ add: addTalk, answer: drain }))
  app.route('/api/conversations', one)

  async function findTalk(c: Context, next: () => Promise<void>) {
    const found = talks.get(c.req.param('id') ?? '')
    if (!found || found.owner !== c.get('owner')) return problem(c, 404, 'not_found')
    c.set('talk', found.talk)
    return next()
  }

  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => resolve(started))
  })
  const { port: boundPort } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${boundPort}`,
    faults,
    requests,
    people,
    memory,
    tokens,
    talk: (id: string) => talks.get(id)?.talk,
    async close() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function drain(talk: FakeConversation, first: string): Promise<void> {
  for (let next: string | undefined = first; next !== undefined; next = talk.waiting.shift()) {
    await runScriptedTurn(talk, next, talk.posted.get(next) ?? '')
  }
}
