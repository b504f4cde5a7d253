import { Hono } from 'hono'
import type { Conversation } from '../../src/contracts/conversation.ts'
import type { FakeConversation } from './fake-conversation.ts'
import { problem } from './fake-problem.ts'

export type FakeBranching = {
  add: (owner: string, fields: Partial<Conversation>) => FakeConversation
  answer: (talk: FakeConversation, messageId: string) => Promise<void>
}

/** What changes, copies and writes out a conversation of the fake server. */
export function fakeBranchRoutes({ add, answer }: FakeBranching) {
  const app = new Hono<{ Variables: { owner: string; talk: FakeConversation } }>()
  app.post('/:id/compact', (c) => {
    c.get('talk').append({
      type: 'context.compacted',
      summary: 'They talked.',
      facts: [{ callId: 'k', tool: 'balance', path: 'wei', value: '7' }],
      tokensBefore: 12_345,
      tokensAfter: 987,
    })
    return c.body(null, 202)
  })
  app.post('/:id/clear', (c) => {
    c.get('talk').append({ type: 'context.cleared' })
    return c.body(null, 204)
  })
  app.post('/:id/regenerate', async (c) => {
    const talk = c.get('talk')
    const wish = await c.req.json()
    const index = talk.messages.findIndex(({ id }) => id === wish.messageId)
    const edited = talk.messages[index]
    if (edited?.role !== 'user') return problem(c, 422, 'not_a_user_message')
    const messageId = `${edited.id}x`
    const text = wish.text ?? edited.text
    const gone = talk.messages.splice(index).map(({ id }) => id)
    if (wish.model !== undefined) talk.models.set(messageId, wish.model)
    talk.posted.set(messageId, text)
    talk.append({ type: 'messages.superseded', messageIds: gone, by: messageId })
    talk.append({
      type: 'user.message',
      messageId,
      text,
      via: 'api',
      clientMessageId: wish.clientMessageId,
    })
    void answer(talk, messageId)
    return c.json({ messageId }, 202)
  })
  app.post('/:id/fork', async (c) => {
    const { conversation, messages } = c.get('talk')
    const { messageId } = await c.req.json()
    const copied = messages.slice(0, messages.findIndex(({ id }) => id === messageId) + 1)
    const { id: _id, lastSeq: _lastSeq, ...fields } = conversation
    const fork = add(c.get('owner'), { ...fields, title: `${conversation.title} (fork)` })
    fork.messages.push(...copied)
    return c.json(fork.conversation, 201)
  })
  app.get('/:id/export', (c) => {
    const { conversation, messages } = c.get('talk')
    if (c.req.query('format') === 'json') return c.json({ conversation, messages })
    return c.text(`# ${conversation.title}\n\n${messages.map(({ text }) => text).join('\n\n')}\n`)
  })
  app.get('/:id/messages', (c) => c.json({ messages: c.get('talk').messages }))
  return app
}
