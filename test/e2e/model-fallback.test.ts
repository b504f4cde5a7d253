import { expect, test, vi } from 'vitest'

import { applyEvent } from '../../src/client/apply-event.ts'
import { emptyView } from '../../src/client/conversation-view.ts'
import type { ConversationFields } from '../../src/client/api-answers.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, ofType } from '../support/follow.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { openSecondModel, readWire } from '../support/two-models.ts'
import { expectWholeLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

const { other, env } = await openSecondModel()
const product = useCheckedProduct({
  env: {
    ...env,
    ...(await prebuiltBundle()),
    PERDURA_FALLBACK_MODELS: 'mistral/other',
    PERDURA_MODEL_TRIES: '2',
  },
})

vi.setConfig({ testTimeout: 90_000 })

const cut: ScriptedReply = {
  parts: [
    { type: 'text', text: 'Half of ' },
    { type: 'gate', name: 'dies' },
    { type: 'fault', fault: 'cut' },
  ],
}
const always = (reply: ScriptedReply): ScriptedReply[] => [{ ...reply, repeat: true }]

type Scripts = { first: ScriptedReply[]; second: ScriptedReply[] }

/** Begins a turn whose model has these replies, and its fallback those. */
async function start(key: string, { first, second }: Scripts, fields: ConversationFields = {}) {
  await product().model.script(key, first)
  await other.script(key, second)
  const { client } = await product().guest()
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  return { client, id, following }
}

type Started = Awaited<ReturnType<typeof start>>

async function untilEnd(key: string, { client, id, following }: Started) {
  const end = await following.untilTurns(1)
  following.close()
  await expectWholeLog(client, id, following.events)
  const { messages, conversation } = await client.getConversation(id)
  const asked = { first: await product().model.requests(key), second: await other.requests(key) }
  return { end, events: following.events, messages, conversation, asked }
}

/** Plays one turn to its end. */
async function play(key: string, scripts: Scripts, fields: ConversationFields = {}) {
  return untilEnd(key, await start(key, scripts, fields))
}

test('a service that dies between two chunks: the next one goes on, and there is one answer', async () => {
  const { client, id, following } = await start('dies', { first: always(cut), second: [textOf('Whole.')] })
  await following.until((event) => event.type === 'text.delta')
  await product().model.openGate('dies')
  const { end, events, messages, conversation, asked } = await untilEnd('dies', { client, id, following })
  expect(end).toMatchObject({ outcome: 'success' })
  expect([asked.first.length, asked.second.length]).toEqual([2, 1])
  // Each attempt was paid.
  const [, died] = ofType(events, 'usage.recorded')
  expect(died).toMatchObject({ model: 'openai/scripted', estimated: true })
  expect(died?.inputTokens).toBeGreaterThan(100)
  expect(ofType(events, 'usage.recorded').map(({ model }) => model)).toEqual([
    'openai/scripted',
    'openai/scripted',
    'mistral/other',
  ])
  expect(ofType(events, 'text.completed')).toMatchObject([{ text: 'Whole.', attempt: 3 }])
  const started = ofType(events, 'text.started').map(({ attempt }) => attempt)
  expect([started.at(0), started.at(-1)]).toEqual([1, 3])
  const [notice, ...more] = ofType(events, 'notice')
  expect(more).toEqual([])
  expect(notice).toMatchObject({ level: 'warning', code: 'model_fallback', turnId: end.turnId })
  expect(notice?.message).toBe('openai/scripted is down (model_stream_cut). mistral/other goes on.')
  expect(messages.map(({ text, model }) => [text, model]).at(-1)).toEqual(['Whole.', 'mistral/other'])
  const answered = events.findIndex(({ type }) => type === 'text.completed')
  const answering = events.slice(0, answered).reduce(applyEvent, emptyView)
  expect(answering.turn).toMatchObject({ round: 0, model: 'mistral/other' })
  expect(conversation.model).toBe('openai/scripted')
  // Each attempt is paid, also those that came to nothing.
  expect(ofType(events, 'usage.recorded').map(({ model }) => model)).toEqual([
    'openai/scripted',
    'openai/scripted',
    'mistral/other',
  ])
  expect((await client.getUsage({ conversationId: id })).conversation?.calls).toBe(3)
  const shown = events.reduce(applyEvent, emptyView).entries.at(-1)
  expect(shown).toMatchObject({ kind: 'message', content: { text: 'Whole.', complete: true } })
})

test('it goes on to the end of the turn, and the next turn begins with the model of the conversation', async () => {
  const { client, id, following } = await start('rest', {
    first: [
      callsOf({ name: 'time_now', arguments: {} }),
      ...Array(2).fill({ status: 503 }),
      textOf('I am back.'),
    ],
    second: [callsOf({ name: 'time_now', arguments: {} }), textOf('Done.')],
  })
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()
  const { messages } = await client.getConversation(id)
  expect(messages.flatMap(({ role, model }) => (role === 'assistant' ? [model] : []))).toEqual([
    'openai/scripted',
    'mistral/other',
    'mistral/other',
    'openai/scripted',
  ])
  const [taken] = (await other.requests('rest')).map(({ body }) => readWire(body))
  expect(taken?.replies.map(({ calls, results }) => calls.join() === results.join())).toEqual([true])
})

test('behavior: a key that is refused is not tried again', async () => {
  const { end, asked } = await play('refused-key', {
    first: always({ status: 401 }),
    second: [textOf('Hi.')],
  })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(asked.first).toHaveLength(1)
})

test('behavior: nobody waits for a long pause that the service wants', async () => {
  const limited = { status: 429, headers: { 'retry-after': '60' } }
  const { end, asked } = await play('long-pause', { first: always(limited), second: [textOf('Hi.')] })
  expect(end).toMatchObject({ outcome: 'success' })
  expect(asked.first).toHaveLength(1)
})

test('behavior: each of the list has all its tries, and the last error ends the turn', async () => {
  const { end, asked, events } = await play('all-down', {
    first: always({ status: 503 }),
    second: always({ status: 429, headers: { 'retry-after': '0' } }),
  })
  expect(end).toMatchObject({ outcome: 'error', code: 'model_rate_limited' })
  expect([asked.first.length, asked.second.length]).toEqual([2, 2])
  expect(ofType(events, 'notice')).toHaveLength(1)
})

test('behavior: a conversation names its own list, which may be empty', async () => {
  const scripts = { first: always({ status: 503 }), second: [textOf('Never.')] }
  const { end, asked } = await play('own-list', scripts, { fallbackModels: [] })
  expect(end).toMatchObject({ outcome: 'error', code: 'model_unavailable' })
  expect(asked.second).toEqual([])
})

test('behavior: what the service refuses as such is nobody else’s', async () => {
  const { end, asked } = await play('rejected', {
    first: always({ status: 400 }),
    second: [textOf('Never.')],
  })
  expect(end).toMatchObject({ outcome: 'error', code: 'model_rejected' })
  expect(asked.second).toEqual([])
})

test('behavior: kill -9 after the choice: the one that goes on is asked again, the other is not', async () => {
  const { following, client, id } = await start('killed', {
    first: always({ status: 503 }),
    second: [textOf('Half, ', { gate: 'never-killed' }, 'lost.'), textOf('Half, and whole.')],
  })
  await following.until((event) => event.type === 'text.delta')
  await product().workers.pop()?.kill('SIGKILL')
  await product().startWorker()
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'success' })
  expect(await product().model.requests('killed')).toHaveLength(2)
  expect(await other.requests('killed')).toHaveLength(2)
  expect(ofType(following.events, 'notice')).toHaveLength(1)
  expect(ofType(following.events, 'text.completed')).toMatchObject([{ text: 'Half, and whole.' }])
  await expectWholeLog(client, id, following.events)
})

test('behavior: Stop between the two is Stop', async () => {
  const { following, client, id } = await start('stopped', {
    first: always({ status: 503 }),
    second: [textOf({ gate: 'never-stopped' })],
  })
  await other.until('stopped', 1, 'arrived')
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
})
