import { expect, test } from 'vitest'
import type { ResolvedRequest } from '../../../src/client/conversation-view.ts'
import { createClient } from '../../../src/client/create-client.ts'
import type { HumanRequest } from '../../../src/contracts/human-request.ts'
import { RequestDesk } from '../../../src/terminal/prompts/request-desk.ts'

function request(requestId: string, kind: HumanRequest['kind'] = 'permission'): HumanRequest {
  const targets = { contracts: [], domains: [] }
  const item = {
    callId: 'k',
    tool: 'n',
    title: requestId,
    effect: 'sign',
    input: {},
    targets,
    rule: 'r',
  } as const
  return {
    requestId,
    conversationId: 'c',
    turnId: 't',
    kind,
    ...(kind === 'permission' && { card: { calls: [item] } }),
    openedAt: '2026-11-21T12:00:00.000Z',
    expiresAt: '2026-11-21T15:00:00.000Z',
  }
}

/** A desk whose server gives these answers, one after the other. */
function openDesk(...answers: (() => Response | Promise<Response>)[]) {
  const said: string[] = []
  const fetch = async () => (await answers.shift()?.()) ?? Response.json({}, { status: 500 })
  const client = createClient({ url: 'http://desk', token: 'pdr', fetch })
  const desk = new RequestDesk({ client, say: (text) => said.push(text), onChange: () => {} })
  const follow = (requests: HumanRequest[], resolved: ResolvedRequest[] = []) =>
    desk.follow({ requests, resolved })
  return { desk, said, follow, asked: () => desk.prompt?.request.requestId }
}

const approved = () => Response.json({ requestId: 'a', outcome: 'approved' })
const problem = (status: number, code: string, more: object = {}) =>
  Response.json({ title: code, code, detail: code, ...more }, { status, headers: { 'retry-after': '0' } })

test('asks for one thing after the other, the oldest first', async () => {
  const { desk, follow, asked } = openDesk(approved)
  follow([request('a'), request('b')])
  expect(asked()).toBe('a')
  expect(await desk.enter('y')).toBe(true)
  expect(asked()).toBe('b')
})

test('behavior: what was answered is not asked again before its event comes', async () => {
  const { desk, said, follow, asked } = openDesk(approved)
  follow([request('a')])
  await desk.enter('y')
  follow([request('a')])
  expect([asked(), desk.waiting, said]).toEqual([undefined, false, []])
  follow([], [{ ...request('a'), outcome: 'approved', by: 'o_1' }])
  expect(said).toEqual(['“a”: allowed by you.'])
})

test('behavior: the event may come before the answer to the request', async () => {
  const answered = Promise.withResolvers<Response>()
  const { desk, said, follow } = openDesk(() => answered.promise)
  follow([request('a')])
  const entered = desk.enter('y')
  follow([], [{ ...request('a'), outcome: 'approved', by: 'o_1' }])
  expect(said).toEqual([])
  answered.resolve(approved())
  await entered
  expect(said).toEqual(['“a”: allowed by you.'])
})

test('behavior: an answer that arrived although its confirmation was lost is the own one', async () => {
  const lost = () => Promise.reject(new TypeError('fetch failed'))
  const { desk, said, follow } = openDesk(lost, () =>
    problem(409, 'request_resolved', { outcome: 'approved' }),
  )
  follow([request('a')])
  await desk.enter('y')
  follow([], [{ ...request('a'), outcome: 'approved', by: 'o_1' }])
  expect(said).toEqual(['“a”: allowed by you.'])
})

test('behavior: what has expired says so and is gone', async () => {
  const { desk, said, asked } = openDesk(() => problem(410, 'request_expired'))
  desk.choose(request('other'))
  await desk.enter('y')
  expect(said).toEqual(['“other”: expired; no answer means no.'])
  expect(asked()).toBeUndefined()
})

test('behavior: what was put off is not asked again by itself', () => {
  const { desk, follow, asked } = openDesk()
  follow([request('a')])
  desk.putOff()
  follow([request('a')])
  expect([asked(), desk.waiting]).toEqual([undefined, true])
  desk.choose(request('a'))
  expect(asked()).toBe('a')
})

test('behavior: what the terminal cannot answer keeps nothing else from being answered', () => {
  const { desk, said, follow, asked } = openDesk()
  follow([request('w', 'wallet'), request('a')])
  expect(asked()).toBe('a')
  desk.choose(request('w', 'wallet'))
  expect(said).toEqual(['The terminal cannot give a wallet.'])
})

test('error: an answer that fails stays to be given again', async () => {
  const { desk, follow, asked } = openDesk(() => problem(500, 'internal'), approved)
  follow([request('a')])
  await desk.enter('y')
  expect(desk.prompt).toMatchObject({ remark: 'internal (internal)' })
  await desk.enter('y')
  expect(asked()).toBeUndefined()
})
