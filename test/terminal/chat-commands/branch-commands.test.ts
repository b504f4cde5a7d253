import { expect, test } from 'vitest'
import { keys } from '../open-chat.ts'
import { useChat } from './use-chat.ts'

const chat = useChat()

/** Sends a message and waits until it is answered, as the conversation's nth. */
async function ask(text: string, turn: number): Promise<void> {
  await chat.run(text, `You said: ${text}.`)
  await chat.answered(turn)
}

const beginnings = (id?: string) => chat.talk(id).messages.map(({ text }) => text?.slice(0, 14))

test('/fork goes on in a copy, and the original stays as it is', async () => {
  await chat.run('/fork', 'No conversation is open.')
  await ask('first', 1)
  await ask('second', 2)
  await chat.run('/fork 3', 'The original is c1.')
  await ask('third', 1)
  expect(beginnings('c2')).toEqual(['first', 'You said: firs', 'third', 'You said: thir'])
  expect(beginnings('c1')).toEqual(['first', 'You said: firs', 'second', 'You said: seco'])
})

test('/edit with a text answers an earlier message anew, and drops what followed', async () => {
  await ask('first', 1)
  await ask('second', 2)
  await chat.run('/edit 2 better', 'You said: better.')
  await chat.answered(3)
  expect(chat.screen).toContain('── edited: what followed is no part of the conversation any more')
  expect(beginnings()).toEqual(['better', 'You said: bett'])
  await chat.run('/edit best', 'You said: best.')
})

test('/edit alone puts the last message into the input line', async () => {
  await ask('frist', 1)
  await chat.run('/edit', '› /edit 1 frist')
  await chat.run(`${keys.ctrlU}/edit 1 first`, 'You said: first.')
  await chat.answered(2)
  expect(beginnings()).toEqual(['first', 'You said: firs'])
})

test('/again answers the last message once more, by another model', async () => {
  await ask('hello', 1)
  await chat.run('/again openai/gpt-5', '── edited')
  await chat.run('/list', '1  c1')
  expect([...chat.talk().models.values()]).toEqual(['openai/gpt-5'])
})

test('error: a number that there is not', async () => {
  await ask('hello', 1)
  await chat.run('/fork 9', 'Give a number from 1 to 2.')
  await chat.run('/edit 2 x', 'Give a number from 1 to 1.')
  expect(beginnings()).toEqual(['hello', 'You said: hell'])
})
