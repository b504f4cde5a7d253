import { expect, test } from 'vitest'
import { useChat } from './use-chat.ts'

const chat = useChat()

test('/model lists the models with what they take', async () => {
  await chat.run('/model', '* answers here, with settings as the model has them.')
  expect(chat.screen).toContain('1  * scripted/demo  128k tokens · temperature 0–2 · max N\n')
  expect(chat.screen).toContain('2    openai/gpt-5-mini  400k tokens · effort low|high · max 128k\n')
})

test('/model NAME switches the model of the conversation, and the status row says it', async () => {
  await chat.run('hello', 'scripted/demo · 1.2k of 128k tokens (1 %) · $0.012 this turn')
  await chat.run('/model mini', 'Model: openai/gpt-5-mini.')
  expect(chat.talk().conversation.model).toBe('openai/gpt-5-mini')
  await chat.run('again', 'You said: again.')
  expect(chat.screen).toContain('openai/gpt-5-mini · ')
})

test('/model N once is for the next message alone', async () => {
  await chat.run('hello', 'End.')
  await chat.run('/model 2 once', 'next message: openai/gpt-5-mini')
  await chat.run('this one', 'You said: this one.')
  await chat.hides('next message')
  await chat.run('that one', 'You said: that one.')
  expect([...chat.talk().models.values()]).toEqual(['openai/gpt-5-mini'])
  expect(chat.talk().conversation.model).toBe('scripted/demo')
})

test('/model changes settings, and takes one back', async () => {
  await chat.run('hello', 'End.')
  await chat.run('/model temperature=0.2 max=2000', 'Model settings: temperature=0.2 max=2000.')
  await chat.run('/model openai/gpt-5 temperature=default effort=low', 'Model settings: effort=low max=2000.')
  expect(chat.talk().conversation).toMatchObject({
    model: 'openai/gpt-5',
    modelSettings: { reasoningEffort: 'low', maxOutputTokens: 2_000 },
  })
  await chat.run('/model temperature=9', 'The server says unsupported_setting.')
})

test('behavior: before the first message it is for the conversation that begins', async () => {
  await chat.run(
    '/model mini effort=high',
    'The next conversation begins with openai/gpt-5-mini effort=high.',
  )
  await chat.run('hello', 'End.')
  expect(chat.talk().conversation).toMatchObject({
    model: 'openai/gpt-5-mini',
    modelSettings: { reasoningEffort: 'high' },
  })
})

test('error: says what it does not understand', async () => {
  await chat.run('/model nothing', 'nothing is no model of this server. /model lists them.')
  await chat.run('/model gpt', 'gpt could be openai/gpt-5-mini, openai/gpt-5. /model lists them.')
  await chat.run('/model 9', 'Give a number from 1 to 3.')
  await chat.run('/model mini twice', 'Write /model, /model NAME')
  await chat.run('/model mini once max=3', 'leave out once')
  await chat.run('/model max=much', 'max is how many tokens')
  await chat.run('/model top_p=1', 'The settings are temperature=, effort= and max=.')
  expect(chat.screen).not.toContain('next message')
})
