import { expect, test } from 'vitest'
import { useChat } from './use-chat.ts'

const chat = useChat()

test('/usage shows what was used and what is left', async () => {
  await chat.run('hello', 'You said: hello.')
  await chat.answered(1)
  await chat.run('/usage', 'Left for today (UTC): 0 of 1M tokens and $0.40 of $1.00')
  expect(chat.screen).toContain('This turn     1 call · 1k tokens in · 10 out · $0.012\n')
  expect(chat.screen).toContain('Conversation  2 calls · 2k tokens in · 20 out · $0.012\n')
  expect(chat.screen).toContain(
    'Today         3 calls · 3k tokens in · 30 out · $0.012 · 1 of them estimated\n',
  )
  expect(chat.screen).toContain('In all        2k calls · 2M tokens in · 20k out')
  expect(chat.screen).toContain('Left for a turn: 199k of 200k tokens\n')
  expect(chat.server.requests.at(-1)).toMatchObject({ query: '?conversationId=c1&turnId=c1.t1' })
})

test('behavior: without a conversation it shows what you have used', async () => {
  await chat.run('/usage', 'Left for today (UTC)')
  expect(chat.screen).not.toContain('Conversation')
})
