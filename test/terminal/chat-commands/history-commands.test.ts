import { expect, test } from 'vitest'
import { useChat } from './use-chat.ts'

const chat = useChat()

test('/history says and changes what the model is given', async () => {
  await chat.run('hello', 'End.')
  await chat.run('/history', 'History: full (all of it;')
  await chat.run('/history window 20', 'History: window 20 (your last 20 messages')
  expect(chat.talk().conversation.history).toEqual({ kind: 'slidingWindow', window: 20 })
  await chat.run('/history summary', 'History: summary')
  await chat.run('/history none', 'no content is kept past it')
  await chat.run('/history window', 'Write /history full, /history window N')
  await chat.run('/history window 0', 'Write /history full, /history window N')
  expect(chat.talk().conversation.history).toEqual({ kind: 'none' })
})

test('/compact shows in the conversation what became of the older part', async () => {
  await chat.run('/compact', 'No conversation is open.')
  await chat.run('hello', 'End.')
  await chat.run('/compact', '── compacted (12k → 987 tokens): the model is given a summary and one fact')
  expect(chat.screen).toMatch(/End\.\n[^]*── compacted/)
})

test('/clear says what it does, and does it when that is confirmed', async () => {
  await chat.run('hello', 'End.')
  await chat.run('/clear', '/clear yes does it.')
  expect(chat.talk().events.at(-1)).not.toMatchObject({ type: 'context.cleared' })
  await chat.run('/clear yes', '── cleared: the model is given nothing of what stands above')
  expect(chat.talk().events.at(-1)).toMatchObject({ type: 'context.cleared' })
})

test('behavior: a turn that has used up a budget says what can be done', async () => {
  await chat.run('over budget', 'The turn met a limit. (day_budget)')
  expect(chat.screen).toContain('Your budget begins anew at midnight UTC')
})
