import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeServer, startFakeServer } from '../../client/fake-server.ts'
import { keys, openChat } from '../open-chat.ts'

let server: FakeServer
let chat: Awaited<ReturnType<typeof openChat>>

beforeEach(async () => {
  server = await startFakeServer()
  chat = await openChat(server)
})
afterEach(async () => {
  await chat.close()
  await server.close()
})

/** Types lines and waits for the last one's effect. */
async function run(line: string, shown: string): Promise<void> {
  chat.type(`${line}\r`)
  await chat.shows(shown)
}

test('/help shows every command and how to leave', async () => {
  await run('/help', 'Ctrl-C · stops the turn')
  for (const name of [
    'stop',
    'queue',
    'requests',
    'grants',
    'new',
    'list',
    'open',
    'policy',
    'reset',
    'help',
  ])
    expect(chat.terminal.screen).toContain(`/${name}`)
})

test('/stop stops the turn', async () => {
  await run('/stop', 'Nothing runs.')
  await run('slow', 'thinking')
  await run('/stop', 'Stopped.')
  expect(server.talk('c1')?.events.at(-1)).toMatchObject({ type: 'turn.finished', outcome: 'cancelled' })
})

test('/queue lists, changes and drops what waits', async () => {
  await run('/queue', 'Nothing waits.')
  await run('slow', 'thinking')
  await run('one', 'queued: one')
  await run('two', 'queued: two')
  await run('/queue', '2  two')
  await run('/queue edit 2 two and a half', 'queued: two and a half')
  await run('/queue drop 1', 'Withdrawn: one')
  await chat.hides('queued: one')
  await run('/queue drop 1', 'Too late: “one” does not wait any more.')
  await run('/queue drop 9', 'Give a number from 1 to 2.')
  await run('/queue drip', 'Write /queue, /queue edit N TEXT, or /queue drop N.')
  const left = server.talk('c1')?.snapshot().queue
  expect(left).toMatchObject([{ text: 'two and a half' }])
})

test('/now stops the turn and is answered next', async () => {
  await run('slow', 'thinking')
  await run('/now quick', 'You said: quick.')
  expect(chat.terminal.screen).toContain('Stopped.')
})

test('/steer joins the turn, at its place', async () => {
  await run('with steps', 'thinking')
  await run('/steer also this', 'You said: with steps.')
  const { screen } = chat.terminal
  expect(screen.indexOf('› with steps')).toBeLessThan(screen.indexOf('› also this'))
  expect(screen.indexOf('› also this')).toBeLessThan(screen.indexOf('You said'))
  expect(screen).not.toContain('queued:')
})

test('/after waits, whatever the conversation does', async () => {
  await run('/policy interrupt', 'The next conversation begins with interrupt.')
  await run('slow', 'thinking')
  await run('/after later', 'queued: later')
  await run('/now first', 'You said: first.')
  expect(chat.terminal.screen.match(/^Stopped\.$/gm)).toHaveLength(1)
})

test('/policy and /permissions change the conversation, and say what it has', async () => {
  await run('hello', 'End.')
  await run('/policy', 'Messages during a turn: queue.')
  await run('/policy reject', 'Messages during a turn: reject.')
  await run('/permissions denyAll', 'Permissions: denyAll.')
  await run('/permissions all', 'Write one of ask, allowReads, denyAll.')
  expect(server.talk('c1')?.conversation).toMatchObject({ busyPolicy: 'reject', permissions: 'denyAll' })
  await run('slow', 'thinking')
  await run('refused', 'Not sent: “refused”. The server says turn_running.')
})

test('/new, /list and /open change the conversation', async () => {
  await run('/list', 'There are no conversations yet.')
  await run('first words', 'End.')
  await run('/new', 'A new conversation begins with your next message.')
  await run('other words', 'You said: other words.')
  await run('/list', '2  c2')
  await run('/open 1', '› first words')
  await run('back here', 'You said: back here.')
  expect(server.talk('c1')?.posted.size).toBe(2)
  await run('/open nothing', 'There is no conversation nothing of yours.')
})

test('/grants lists and revokes', async () => {
  await run('/grants', 'There are no grants.')
  await run('permission please', 'y allow')
  chat.type('a')
  await chat.shows('allowed by you')
  await run('/grants', '1  send_all, here, until')
  await run('/grants revoke 1', 'Revoked: send_all')
  expect(server.people.grants).toEqual([])
})

test('/reset makes a stalled conversation go on', async () => {
  await run('hello', 'End.')
  server.talk('c1')?.append({ type: 'conversation.updated', stalled: true }, undefined)
  await chat.shows('Stalled: its workflow cannot go on. /reset ends the turn and begins it anew.')
  await run('/reset', 'Its workflow begins anew.')
  await chat.shows('The conversation goes on again.')
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/api/conversations/c1/reset' })
})

test('behavior: an unknown command is explained, and two slashes begin a message', async () => {
  await run('/nope', 'There is no command /nope.')
  await run('//nope', 'You said: /nope.')
  expect([...(server.talk('c1')?.posted.values() ?? [])]).toEqual(['/nope'])
})

test('behavior: Ctrl-C clears the line, then leaves', async () => {
  await run('hello', 'End.')
  chat.type('half a line')
  await chat.shows('› half a line')
  chat.type(keys.ctrlC)
  await chat.hides('half a line')
  expect(chat.terminal.screen).toContain('End.')
})

test('behavior: what a command says does not break the answer that is being written', async () => {
  chat.type('a long one\r')
  await chat.shows('You said: a long one.')
  chat.type('/queue\r')
  await chat.shows('Nothing waits.')
  const talk = server.talk('c1')
  while (talk?.events.at(-1)?.type !== 'turn.finished') await talk?.appended(AbortSignal.timeout(30_000))
  await chat.shows('End.')
  const answer = chat.terminal.screen.replace('Nothing waits.\n', '').replaceAll('\n', ' ')
  expect(answer).toContain(`You said: a long one. ${'Lorem ipsum dolor sit amet. '.repeat(40)}End.`)
})
