import { beforeEach, expect, test } from 'vitest'
import { useChat } from './use-chat.ts'

const chat = useChat()

beforeEach(() => {
  const entry = { updatedAt: '2026-11-20T12:00:00.000Z', edited: false }
  chat.server.memory.entries = [
    { ...entry, conversationId: 'c8', title: 'Apples', text: 'They like\u001b[2J apples.' },
    { ...entry, conversationId: 'c9', title: 'Pears', text: 'They like pears.' },
  ]
})

test('/memory says and changes whether conversations know of each other', async () => {
  await chat.run('/memory', 'Memory of other conversations: off; in new ones off.')
  await chat.run('/memory new on', 'New conversations begin with their memory on.')
  expect(chat.server.memory.enabled).toBe(true)
  await chat.run('hello', 'End.')
  await chat.run('/memory on', 'Memory of other conversations: on.')
  expect(chat.talk().conversation.memory).toBe(true)
})

test('/memory lists, edits and forgets what is remembered', async () => {
  await chat.run('/memory list', '2  2026-11-20  Pears')
  expect(chat.screen).toContain('   They like apples.')
  await chat.run('/memory edit 2 They like no pears.', 'Remembered in your words: They like no pears.')
  await chat.run('/memory forget 1', 'Forgotten: Apples.')
  await chat.run('/memory list', '1  2026-11-20  Pears  (your words)')
  expect(chat.server.memory.entries).toMatchObject([{ text: 'They like no pears.' }])
  await chat.run('/memory forget 2', 'Give a number from 1 to 1.')
  await chat.run('/memory forget all', 'Everything is forgotten.')
  await chat.run('/memory list', 'Nothing is remembered.')
})

test('error: says what it does not understand', async () => {
  await chat.run('/memory maybe', 'Write /memory on, off, new on')
  await chat.run('/memory forget', 'Write /memory on, off, new on')
  expect(chat.server.memory.entries).toHaveLength(2)
})
