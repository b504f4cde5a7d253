import { expect, test } from 'vitest'

import { useChat } from './use-chat.ts'

const chat = useChat()

test('/calls lists what goes on in the background, and /stop stops one of it', async () => {
  await chat.run('/calls', 'Nothing goes on in the background.')
  chat.type('hello\r')
  await chat.answered(1)
  chat.talk().startBackgroundCall('Watches a price', 'c1.t1.r0.c0')
  chat.talk().startBackgroundCall('Watches a wallet', 'c1.t1.r0.c1')
  await chat.terminal.shows('Watches a wallet')
  await chat.run('/calls', '2  Watches a wallet · c1.t1.r0.c1')
  await chat.run('/stop 2', 'stopped')
  await chat.run('/stop c1.t1.r0.c0', 'Watches a price  stopped')
  await chat.run('/stop 1', 'Watches a price does not run any more.')
  const ended = chat.talk().events.flatMap((event) => (event.type === 'tool.completed' ? event.callId : []))
  expect(ended).toEqual(['c1.t1.r0.c1', 'c1.t1.r0.c0'])
})

test('error: a number that was not shown stops nothing', async () => {
  chat.type('hello\r')
  await chat.answered(1)
  chat.talk().startBackgroundCall('Watches a price', 'c1.t1.r0.c0')
  await chat.terminal.shows('Watches a price')
  await chat.run('/calls', '1  Watches a price')
  await chat.run('/stop 3', 'Give a number from 1 to 1.')
  expect(chat.talk().events.some(({ type }) => type === 'tool.completed')).toBe(false)
})
