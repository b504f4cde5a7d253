import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import { questionOf, readGiven, untilAsked, untilNth } from '../support/asked.ts'
import { type Following, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

let product: Product
let client: Client
let raw: RawClient

beforeAll(async () => {
  product = await startProduct()
  ;({ client, raw } = await loginBoth(product.url))
})
afterAll(() => product.close())

const answers = (count: number) => Array.from({ length: count }, (_, index) => textOf(`Answer ${index + 1}.`))

/** A conversation whose model has said half of its first answer, and waits at the gate of this name. */
async function startStreaming(key: string, later: number) {
  const replies = [textOf('Half, ', { gate: key }, 'and whole.'), ...answers(later)]
  const talk = await startTalk(product, client, key, replies)
  await talk.following.until(({ type }) => type === 'text.delta')
  return talk
}

/** A conversation in which a tool waits at the gate of this name. */
async function startWithTool(key: string, later: number) {
  const replies = [callsOf({ name: 'gated', arguments: { gate: key } }), ...answers(later)]
  const talk = await startTalk(product, client, key, replies)
  await product.gates.untilArrived(key)
  return talk
}

const endsOf = ({ events }: Following) => ofType(events, 'turn.finished').map(({ outcome }) => outcome)

async function listTexts(id: string): Promise<(string | undefined)[]> {
  const { messages } = await client.getConversation(id)
  const said = messages.filter(({ role, state }) => role !== 'tool' && state !== 'withdrawn')
  return said.map(({ text }) => text)
}

test('queue: messages wait in order, and are listed, edited and withdrawn until they begin', async () => {
  const { id, following } = await startStreaming('queue', 2)
  const posted = [
    await client.postMessage(id, { text: 'Two' }),
    await client.postMessage(id, { text: 'Three' }),
    await client.postMessage(id, { text: 'Four' }),
  ]
  const [two = '', three = '', four = ''] = posted.map(({ messageId }) => messageId)
  const listed = (await client.getConversation(id)).queue
  const edited = await client.editMessage(id, four, 'Four, edited')
  await client.withdrawMessage(id, three)
  await client.withdrawMessage(id, three)
  const left = (await client.getConversation(id)).queue
  await product.model.openGate('queue')
  await following.untilTurns(3)
  following.close()

  expect(posted.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued'])
  expect(listed).toEqual([
    { messageId: two, text: 'Two', position: 0 },
    { messageId: three, text: 'Three', position: 1 },
    { messageId: four, text: 'Four', position: 2 },
  ])
  expect(edited).toEqual({ messageId: four, state: 'queued' })
  expect(left).toMatchObject([{ messageId: two }, { messageId: four, text: 'Four, edited' }])
  expect(await listTexts(id)).toEqual([
    'Go [script:queue]',
    'Half, and whole.',
    'Two',
    'Answer 1.',
    'Four, edited',
    'Answer 2.',
  ])
  expect(ofType(following.events, 'message.withdrawn')).toMatchObject([{ messageId: three }])
  expect(ofType(following.events, 'message.updated')).toMatchObject([
    { messageId: four, text: 'Four, edited' },
  ])
  await expectWholeLog(client, id, following.events)
})

test('queue: what has begun is neither edited nor withdrawn, and what was withdrawn is gone', async () => {
  const { id, following } = await startStreaming('begun', 0)
  const { messageId } = await untilNth(following, 'user.message')
  const waiting = await client.postMessage(id, { text: 'Two' })
  await client.withdrawMessage(id, waiting.messageId)
  const started = { code: 'message_started', status: 409 }
  await expect(client.editMessage(id, messageId, 'Other')).rejects.toMatchObject(started)
  await expect(client.withdrawMessage(id, messageId)).rejects.toMatchObject(started)
  await expect(client.editMessage(id, waiting.messageId, 'Other')).rejects.toMatchObject({
    code: 'not_found',
  })
  const stranger = await product.login()
  await expect(stranger.withdrawMessage(id, messageId)).rejects.toMatchObject({ code: 'not_found' })
  await product.model.openGate('begun')
  await following.untilTurns(1)
  following.close()
  await expectWholeLog(client, id, following.events)
})

test('steer: the message joins the turn before its next model call', async () => {
  const { id, turnId, following } = await startWithTool('steer', 1)
  const { messageId } = await client.postMessage(id, { text: 'And this', busyPolicy: 'steer' })
  product.gates.open('steer')
  await following.untilTurns(1)
  following.close()

  const given = await readGiven(product.model, 'steer', 2)
  expect(given.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
  expect(given.at(-1)).toEqual({ role: 'user', content: 'And this' })
  expect(ofType(following.events, 'round.started')).toMatchObject([
    { round: 0 },
    { round: 1, turnId, messageIds: [messageId] },
  ])
  expect(await product.model.requests('steer')).toHaveLength(2)
  await expectWholeLog(client, id, following.events)
})

test('steer: while the turn is ending, the message begins the next one', async () => {
  const { id, following } = await startStreaming('ending', 1)
  await client.postMessage(id, { text: 'And this', busyPolicy: 'steer' })
  await product.model.openGate('ending')
  await following.untilTurns(2)
  following.close()
  expect(endsOf(following)).toEqual(['success', 'success'])
  expect(await listTexts(id)).toEqual(['Go [script:ending]', 'Half, and whole.', 'And this', 'Answer 1.'])
  await expectWholeLog(client, id, following.events)
})

test('interrupt: the turn stops, what it said is kept, and the message runs before all that wait', async () => {
  const { id, following } = await startStreaming('interrupt', 2)
  await client.postMessage(id, { text: 'Later' })
  await client.postMessage(id, { text: 'Now', busyPolicy: 'interrupt' })
  await following.untilTurns(3)
  following.close()

  expect(endsOf(following)).toEqual(['cancelled', 'success', 'success'])
  expect(await readGiven(product.model, 'interrupt', 2)).toEqual([
    { role: 'user', content: 'Go [script:interrupt]' },
    { role: 'assistant', content: 'Half, ' },
    { role: 'user', content: 'Now' },
  ])
  expect((await listTexts(id)).slice(2)).toEqual(['Now', 'Answer 1.', 'Later', 'Answer 2.'])
  await expectWholeLog(client, id, following.events)
})

test('interrupt: a tool that runs is cancelled, and the model knows it', async () => {
  const { id, following } = await startWithTool('cut', 1)
  await client.postMessage(id, { text: 'Now', busyPolicy: 'interrupt' })
  await following.untilTurns(2)
  following.close()
  expect(endsOf(following)).toEqual(['cancelled', 'success'])
  expect(await readGiven(product.model, 'cut', 2)).toMatchObject([
    { role: 'user' },
    { role: 'assistant' },
    { role: 'tool', content: expect.stringContaining('"stopped"') },
    { role: 'user', content: 'Now' },
  ])
  await expectWholeLog(client, id, following.events)
})

test('reject: the message is refused with the running turn, and leaves nothing behind', async () => {
  const { id, turnId, following } = await startStreaming('reject', 1)
  const path = `/api/conversations/${id}/messages`
  const message = { text: 'Two', clientMessageId: 'two', busyPolicy: 'reject' }
  const refused = await raw(path, message)
  await product.model.openGate('reject')
  await following.untilTurns(1)
  const accepted = await raw(path, message)
  await following.untilTurns(2)
  following.close()
  expect([refused.status, refused.body['code'], refused.body['turnId']]).toEqual([
    409,
    'turn_running',
    turnId,
  ])
  expect(accepted.status).toBe(202)
  expect(await listTexts(id)).toEqual(['Go [script:reject]', 'Half, and whole.', 'Two', 'Answer 1.'])
  await expectWholeLog(client, id, following.events)
})

test("behavior: a message's own policy comes before the conversation's, which may change at any time", async () => {
  const { id, following } = await startWithTool('own', 3)
  await client.updateConversation(id, { busyPolicy: 'reject' })
  await expect(client.postMessage(id, { text: 'Refused' })).rejects.toMatchObject({ code: 'turn_running' })
  await client.postMessage(id, { text: 'Queued', busyPolicy: 'queue' })
  await client.updateConversation(id, { busyPolicy: 'steer' })
  await client.postMessage(id, { text: 'Steered' })
  product.gates.open('own')
  await following.untilTurns(2)
  following.close()
  expect(await listTexts(id)).toEqual(['Go [script:own]', '', 'Steered', 'Answer 1.', 'Queued', 'Answer 2.'])
  await expectWholeLog(client, id, following.events)
})

/** A conversation that waits for the answer to a question, to which a message is sent. */
async function startWaiting(busyPolicy: BusyPolicy) {
  const key = `open-${busyPolicy}`
  const talk = await startTalk(product, client, key, [questionOf(), ...answers(2)])
  const { requestId } = await untilAsked(talk.following)
  await untilNth(talk.following, 'turn.waiting')
  const { status, body } = await raw(`/api/conversations/${talk.id}/messages`, { text: 'Two', busyPolicy })
  const answer = () => client.answerRequest(requestId, { answers: { which: 'left' } })
  return { ...talk, key, status, body, answer }
}

const outcomesOf = ({ events }: Following) => ofType(events, 'request.resolved').map(({ outcome }) => outcome)

test('while a question is open, a message that waits is answered behind it', async () => {
  const { id, status, following, answer } = await startWaiting('queue')
  const { conversation, queue } = await client.getConversation(id)
  await answer()
  await following.untilTurns(2)
  following.close()
  expect([status, conversation.state, queue.length]).toEqual([202, 'waiting', 1])
  expect(endsOf(following)).toEqual(['success', 'success'])
  expect((await listTexts(id)).slice(2)).toEqual(['Answer 1.', 'Two', 'Answer 2.'])
  await expectWholeLog(client, id, following.events)
})

test('while a question is open, a message that steers joins once it is answered', async () => {
  const { id, key, following, answer } = await startWaiting('steer')
  await answer()
  await following.untilTurns(1)
  following.close()
  const given = await readGiven(product.model, key, 2)
  expect(given.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
  expect(outcomesOf(following)).toEqual(['answered'])
  await expectWholeLog(client, id, following.events)
})

test('while a question is open, a message that interrupts closes it', async () => {
  const { id, following } = await startWaiting('interrupt')
  await following.untilTurns(2)
  following.close()
  expect(outcomesOf(following)).toEqual(['cancelled'])
  expect(endsOf(following)).toEqual(['cancelled', 'success'])
  await expectWholeLog(client, id, following.events)
})

test('while a question is open, a message may be refused', async () => {
  const { id, turnId, status, body, following, answer } = await startWaiting('reject')
  await answer()
  await following.untilTurns(1)
  following.close()
  expect([status, body['code'], body['turnId']]).toEqual([409, 'turn_running', turnId])
  expect(outcomesOf(following)).toEqual(['answered'])
  await expectWholeLog(client, id, following.events)
})
