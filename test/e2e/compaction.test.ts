import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { untilNth } from '../support/asked.ts'
import { follow, ofType } from '../support/follow.ts'
import { untilJournaled } from '../support/journal.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

// A window that four long questions fill, and one try for each model call.
const env = { OPENAI_MODELS: 'scripted:12000', PERDURA_MODEL_TRIES: '1' }
const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const lie = '0x70997970C51812dc3A010C7d01b50e0d17dc79C9'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env })
  client = await product.login()
})
afterAll(() => product.close())

vi.setConfig({ testTimeout: 90_000 })

const callAccount = callsOf({ name: 'account_info', arguments: { address } })
const tools = ['account_info', 'time_now']

/** What the model that sums up answers. */
function summaryOf(summary: string, ...gates: { gate: string }[]): ScriptedReply {
  return textOf('{"summary":', ...gates, `${JSON.stringify(summary)}}`)
}

/** A conversation under `summary` whose first turn has found a fact, and whose next question is one too many. */
async function startLongTalk(key: string, replies: ScriptedReply[]) {
  const answers = Array.from({ length: 4 }, (_, index) => textOf(`Answer ${index + 1}.`))
  await product.model.script(key, [callAccount, ...answers, ...replies])
  const { id } = await client.createConversation({ history: { kind: 'summary' }, tools })
  const following = follow(client, id)
  let turns = 0
  async function post(): Promise<void> {
    turns += 1
    // No fact but the key.
    await client.postMessage(id, { text: `Question ${turns} [script:${key}] ${'so to speak '.repeat(250)}` })
  }
  async function ask() {
    await post()
    return following.untilTurns(turns)
  }
  for (let turn = 1; turn <= 4; turn++) await ask()
  expect(ofType(following.events, 'context.compacted')).toEqual([])
  return { id, key, following, post, ask }
}

type Given = { system: string; text: string }

/** What each request was given, in order. */
async function listGiven(key: string): Promise<Given[]> {
  const requests = await product.model.requests(key)
  return requests.map(({ body }) => {
    const { messages } = body as { messages: { role: string; content?: string }[] }
    const text = (isSystem: boolean) =>
      messages
        .filter(({ role }) => (role === 'system') === isSystem)
        .map(({ content }) => content ?? '')
        .join('\n')
    return { system: text(true), text: text(false) }
  })
}

function isSummary({ system }: Given): boolean {
  return system.includes('You write the memory of a conversation')
}

test('a question that is too much is answered after the older part was summed up', async () => {
  const talk = await startLongTalk('auto', [summaryOf('They spoke of an account.'), textOf('Answer 5.')])
  expect(await talk.ask()).toMatchObject({ outcome: 'success' })
  talk.following.close()

  const [compacted, ...more] = ofType(talk.following.events, 'context.compacted')
  expect(more).toEqual([])
  expect(compacted).toMatchObject({
    turnId: `${talk.id}.t5`,
    summary: 'They spoke of an account.',
    beforeMessageId: expect.any(String),
  })
  expect(compacted?.facts).toContainEqual(
    expect.objectContaining({ tool: 'account_info', value: address, callId: `${talk.id}.t1.r0.c0` }),
  )
  expect(compacted?.tokensAfter).toBeLessThan(compacted?.tokensBefore ?? 0)
  const given = await listGiven(talk.key)
  expect(given.map(isSummary)).toEqual([false, false, false, false, false, true, false])
  const last = given.at(-1)?.text ?? ''
  expect(last).toContain('They spoke of an account.')
  expect(last).toContain(address)
  expect(last).toContain('Question 5 [')
  expect(last).not.toContain('Question 1 [')
  const { messages } = await client.getConversation(talk.id)
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(5)
  await expectWholeLog(client, talk.id, talk.following.events)
})

test('behavior: a summary that lies about an address changes no fact', async () => {
  const talk = await startLongTalk('lie', [summaryOf(`The account is ${lie}.`), textOf('Answer 5.')])
  await talk.ask()
  talk.following.close()
  const last = (await listGiven('lie')).at(-1)?.text ?? ''
  expect(last).toMatch(new RegExp(`^- account_info .*: ${address}$`, 'm'))
  expect(last).not.toContain(lie)
})

test('behavior: where no summary can be had, the turn goes on with the facts, and says so', async () => {
  const garbage = textOf('I would rather not.')
  const talk = await startLongTalk('garbage', [garbage, garbage, textOf('Answer 5.')])
  expect(await talk.ask()).toMatchObject({ outcome: 'success' })
  talk.following.close()
  expect(ofType(talk.following.events, 'notice')).toMatchObject([
    { code: 'compaction_failed', level: 'warning', turnId: `${talk.id}.t5` },
  ])
  const [compacted] = ofType(talk.following.events, 'context.compacted')
  expect(compacted?.summary).toBeUndefined()
  const last = (await listGiven('garbage')).at(-1)?.text ?? ''
  expect(last).toContain(address)
  expect(last).not.toContain('Question 1 [')
})

test('behavior: Stop ends it and writes nothing, and the next message goes on', async () => {
  const talk = await startLongTalk('stop', [
    summaryOf('Never said.', { gate: 'never' }),
    summaryOf('Said.'),
    textOf('Answer 6.'),
  ])
  await talk.post()
  await product.model.until('stop', 6, 'arrived')
  await client.cancelTurn(talk.id)
  await product.model.until('stop', 6, 'closed')
  expect(await talk.following.untilTurns(5)).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  expect(ofType(talk.following.events, 'context.compacted')).toEqual([])
  await talk.post()
  expect(await talk.following.untilTurns(6)).toMatchObject({ outcome: 'success' })
  talk.following.close()
  expect(ofType(talk.following.events, 'context.compacted')).toMatchObject([{ summary: 'Said.' }])
  await expectWholeLog(client, talk.id, talk.following.events)
})

test('behavior: kill -9 of the worker: it is summed up again, once', async () => {
  const talk = await startLongTalk('kill', [
    summaryOf('Never said.', { gate: 'never' }),
    summaryOf('Said.'),
    textOf('Answer 5.'),
  ])
  await talk.post()
  await product.model.until('kill', 6, 'arrived')
  await untilJournaled(product.databaseUrl, 1)
  await product.startWorker()
  await product.workers.shift()?.kill('SIGKILL')
  expect(await talk.following.untilTurns(5)).toMatchObject({ outcome: 'success' })
  talk.following.close()
  expect(ofType(talk.following.events, 'context.compacted')).toMatchObject([{ summary: 'Said.' }])
  expect((await listGiven('kill')).filter(isSummary)).toHaveLength(2)
  await expectWholeLog(client, talk.id, talk.following.events)
})

/** Some short turns under the strategy `full`, the first with a fact. */
async function startShortTalk(key: string, turns: number, replies: ScriptedReply[]) {
  const answers = Array.from({ length: turns }, (_, index) => textOf(`Answer ${index + 1}.`))
  await product.model.script(key, [callAccount, ...answers, ...replies])
  const { id } = await client.createConversation({ history: { kind: 'full' }, tools })
  const following = follow(client, id)
  const post = (turn: number) => client.postMessage(id, { text: `Question ${turn} [script:${key}]` })
  for (let turn = 1; turn <= turns; turn++) {
    await post(turn)
    await following.untilTurns(turn)
  }
  return { id, following, post }
}

test('on demand: a turn of its own sums up all but the latest, whatever the strategy', async () => {
  const replies = [summaryOf('They spoke.'), textOf('Answer 4.')]
  const { id, following, post } = await startShortTalk('asked', 3, replies)
  await client.compactConversation(id)
  expect(await following.untilTurns(4)).toMatchObject({ turnId: `${id}.t4`, outcome: 'success' })
  await post(4)
  await following.untilTurns(5)
  following.close()
  expect(ofType(following.events, 'turn.started')[3]).toMatchObject({ trigger: 'system', messageIds: [] })
  expect(ofType(following.events, 'context.compacted')).toMatchObject([{ turnId: `${id}.t4` }])
  const last = (await listGiven('asked')).at(-1)?.text ?? ''
  for (const kept of ['They spoke.', address, 'Question 2 [', 'Question 3 [', 'Question 4 ['])
    expect(last).toContain(kept)
  expect(last).not.toContain('Question 1 [')
  await expectWholeLog(client, id, following.events)
})

test('on demand: during a turn it waits, once, and the next message behind it', async () => {
  const replies = [textOf('Wait', { gate: 'busy' }, 'ed.'), summaryOf('They spoke.'), textOf('Answer 4.')]
  const { id, following, post } = await startShortTalk('busy', 3, replies)
  await post(4)
  await untilNth(following, 'text.delta')
  for (let times = 0; times < 3; times++) await client.compactConversation(id)
  await post(5)
  await product.model.openGate('busy')
  await following.untilTurns(6)
  following.close()
  expect(ofType(following.events, 'turn.started').map(({ trigger }) => trigger)).toEqual([
    'user',
    'user',
    'user',
    'user',
    'system',
    'user',
  ])
  expect(ofType(following.events, 'context.compacted')).toHaveLength(1)
  await expectWholeLog(client, id, following.events)
})

test('on demand: in a new conversation there is nothing to do, and the next message works', async () => {
  await product.model.script('new', [textOf('Hello.')])
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.compactConversation(id)
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  await client.postMessage(id, { text: 'Hi [script:new]' })
  expect(await following.untilTurns(2)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(ofType(following.events, 'context.compacted')).toEqual([])
  expect((await client.getConversation(id)).conversation.state).toBe('idle')
})

test('on demand: what cannot be summed up stays as it is', async () => {
  const garbage = textOf('No.')
  const { id, following, post } = await startShortTalk('refused', 3, [garbage, garbage, textOf('Answer 4.')])
  await client.compactConversation(id)
  expect(await following.untilTurns(4)).toMatchObject({ outcome: 'error', code: 'compaction_failed' })
  await post(4)
  await following.untilTurns(5)
  following.close()
  expect(ofType(following.events, 'context.compacted')).toEqual([])
  expect((await listGiven('refused')).at(-1)?.text).toContain('Question 1 [')
})

test('on demand: Stop ends its turn, and nothing is summed up', async () => {
  const replies = [summaryOf('Never said.', { gate: 'never' }), textOf('Answer 4.')]
  const { id, following, post } = await startShortTalk('asked-stop', 3, replies)
  await client.compactConversation(id)
  await product.model.until('asked-stop', 5, 'arrived')
  expect(await client.cancelTurn(id)).toEqual({ turnId: `${id}.t4` })
  expect(await following.untilTurns(4)).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  await post(4)
  expect(await following.untilTurns(5)).toMatchObject({ outcome: 'success' })
  following.close()
  expect(ofType(following.events, 'context.compacted')).toEqual([])
  await expectWholeLog(client, id, following.events)
})

test('clear: nothing older is given, nor what was summed up, and all of it can be read', async () => {
  const replies = [summaryOf('They spoke.'), textOf('Answer 4.'), textOf('Answer 5.')]
  const { id, following, post } = await startShortTalk('clear', 3, replies)
  await client.compactConversation(id)
  await following.untilTurns(4)
  await client.clearContext(id)
  await untilNth(following, 'context.cleared')
  await post(4)
  await following.untilTurns(5)
  await post(5)
  await following.untilTurns(6)
  following.close()
  const [fourth, fifth] = (await listGiven('clear')).slice(-2)
  expect(fourth?.text).toBe('Question 4 [script:clear]')
  expect(fifth?.text).toBe('Question 4 [script:clear]\nAnswer 4.\nQuestion 5 [script:clear]')
  const { messages } = await client.getConversation(id)
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(5)
})

test('clear: a running turn keeps what it was given, and the next one has that turn alone', async () => {
  const asking = callsOf({ name: 'gated', arguments: { gate: 'clearing' } })
  await product.model.script('clearing', [textOf('One.'), asking, textOf('Two.'), textOf('Three.')])
  const { id } = await client.createConversation({ history: { kind: 'full' } })
  const following = follow(client, id)
  const post = (turn: number) => client.postMessage(id, { text: `Question ${turn} [script:clearing]` })
  await post(1)
  await following.untilTurns(1)
  await post(2)
  await product.gates.untilArrived('clearing')
  await client.clearContext(id)
  product.gates.open('clearing')
  await following.untilTurns(2)
  await post(3)
  await following.untilTurns(3)
  following.close()
  const given = await listGiven('clearing')
  expect(given[2]?.text).toContain('Question 1 [')
  expect(given[3]?.text).not.toContain('Question 1 [')
  expect(given[3]?.text).toContain('Question 2 [')
})
