import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeServer, startFakeServer } from '../../client/fake-server.ts'
import { keys, openChat } from '../open-chat.ts'

let server: FakeServer

beforeEach(async () => {
  server = await startFakeServer()
})
afterEach(() => server.close())

test.each([
  ['permission please', 'Esc later'],
  ['batch please', 'e decide each'],
  ['form please', 'decline'],
  ['name? please', 'decline'],
  ['hostile permission', 'Esc later'],
  ['hostile form', 'decline'],
])('behavior: nothing overflows 40 columns: %s', async (text, hint) => {
  const chat = await openChat(server, {}, 40)
  chat.type(`${text}\r`)
  await chat.shows(hint)
  chat.type('/requests\r')
  await chat.shows('1  here')
  chat.type(keys.escape)
  await chat.shows('Left open')
  expect(chat.terminal.overflows).toEqual([])
  await chat.close()
})

test('behavior: a narrow prompt keeps every target in full', async () => {
  const chat = await openChat(server, {}, 40)
  chat.type('permission please\r')
  await chat.shows('Esc later')
  const framed = chat.terminal.screen.split('\n').filter((row) => row.startsWith('│ '))
  const joined = framed.map((row) => row.slice(2).trim()).join('')
  expect(joined).toContain('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')
  await chat.close()
})
