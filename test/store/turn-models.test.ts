import { beforeEach, expect, test } from 'vitest'

import { patchConversation } from '../../src/store/conversations.ts'
import { applyFallback } from '../../src/store/fallbacks.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let turn: TurnScript
beforeEach(async () => {
  const settings = { modelSettings: { temperature: 0.5 }, fallbackModels: ['a/one', 'a/two'] }
  turn = createTurnScript(database, await store.createConversation(settings))
})

/** The settings with which a round runs. */
async function settingsOf(round: number, messages: string[], steered: string[] = []) {
  const begun = await turn.begin(1, round, messages, steered)
  if (begun.outcome !== 'run') throw new Error(begun.outcome)
  return begun.settings
}

async function startedModels() {
  const events = await turn.readEvents()
  return events.flatMap((event) =>
    event.type === 'turn.started' || event.type === 'round.started' ? [event.model] : [],
  )
}

const fallback = (from: string, to: string, round = 0) =>
  applyFallback(
    database,
    {
      conversationId: turn.conversationId,
      turnId: turn.turnIdOf(1),
      round,
      trigger: 'user',
      messageIds: [],
    },
    { from, to, message: `${from} is down. ${to} goes on.` },
  )

test('a turn has the model, the settings and the fallbacks of its conversation', async () => {
  await turn.accept('m1')
  expect(await settingsOf(0, ['m1'])).toMatchObject({
    model: 'scripted/demo',
    modelSettings: { temperature: 0.5 },
    fallbackModels: ['a/one', 'a/two'],
    downModels: [],
  })
})

test('a message that names a model has its turn run with it; the conversation keeps its own', async () => {
  await turn.accept('m1', 'Hello', { model: 'b/one' })
  expect(await settingsOf(0, ['m1'])).toMatchObject({ model: 'b/one' })
  expect(await startedModels()).toEqual(['b/one', undefined])
  await turn.answer(1, 0, 'Hi')
  const { conversation, messages } = await getSnapshot(database, turn.owner, turn.conversationId)
  expect(conversation.model).toBe('scripted/demo')
  expect(messages.map(({ model }) => model)).toEqual(['b/one', 'scripted/demo'])
})

test('behavior: a repeat with another model is a repeat, and the first model stands', async () => {
  await turn.accept('m1', 'Hello', { model: 'b/one' })
  expect(await turn.accept('m1', 'Hello', { model: 'b/two' })).toMatchObject({ repeated: true })
  expect(await settingsOf(0, ['m1'])).toMatchObject({ model: 'b/one' })
})

test('behavior: a message that joins with a model changes the turn’s from that round on', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  await turn.askTools(1, 0, 1)
  await turn.accept('m2', 'Faster', { busyPolicy: 'steer', model: 'b/one' })
  expect(await settingsOf(1, ['m1'], ['m2'])).toMatchObject({ model: 'b/one' })
  expect(await settingsOf(1, ['m1'], ['m2'])).toMatchObject({ model: 'b/one' })
  expect(await startedModels()).toEqual(['scripted/demo', undefined, 'b/one'])
  await turn.askTools(1, 1, 1)
  expect(await settingsOf(2, ['m1'])).toMatchObject({ model: 'b/one' })
})

test('a fallback stays for the rest of the turn, and is told once', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  await fallback('scripted/demo', 'a/one')
  await fallback('scripted/demo', 'a/one')
  expect(await settingsOf(0, ['m1'])).toMatchObject({ model: 'a/one', downModels: ['scripted/demo'] })
  await turn.askTools(1, 0, 1)
  expect(await settingsOf(1, ['m1'])).toMatchObject({ model: 'a/one' })
  await fallback('a/one', 'a/two', 1)
  expect(await settingsOf(1, ['m1'])).toMatchObject({
    model: 'a/two',
    downModels: ['scripted/demo', 'a/one'],
  })
  expect(await startedModels()).toEqual(['scripted/demo', undefined, 'a/one', undefined, 'a/two'])
  const notices = (await turn.readEvents()).filter(({ type }) => type === 'notice')
  expect(notices).toMatchObject([{ code: 'model_fallback' }, { code: 'model_fallback' }])
})

test('behavior: the next turn begins with the conversation’s model again', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  await fallback('scripted/demo', 'a/one')
  await turn.answer(1, 0, 'Hi')
  await turn.accept('m2')
  expect(await turn.begin(2, 0, ['m2'])).toMatchObject({
    settings: { model: 'scripted/demo', downModels: [] },
  })
})

test('behavior: who chooses a model for a running turn has it tried, also one that was down', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  await fallback('scripted/demo', 'a/one')
  await turn.askTools(1, 0, 1)
  await turn.accept('m2', 'Again', { busyPolicy: 'steer', model: 'scripted/demo' })
  expect(await settingsOf(1, ['m1'], ['m2'])).toMatchObject({ model: 'scripted/demo', downModels: [] })
})

test('behavior: a turn that has ended takes no fallback', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  await turn.answer(1, 0, 'Hi')
  const before = await turn.listTypes()
  await fallback('scripted/demo', 'a/one')
  expect(await turn.listTypes()).toEqual(before)
})

test('behavior: changes are for the next turn, and null goes back to the default', async () => {
  await turn.accept('m1')
  await settingsOf(0, ['m1'])
  const change = (patch: Parameters<typeof patchConversation>[3]) =>
    patchConversation(database, turn.owner, turn.conversationId, patch)
  await change({ modelSettings: { maxOutputTokens: 10 }, instructions: 'Be brief.', tools: ['time_now'] })
  expect(await settingsOf(0, ['m1'])).toMatchObject({ modelSettings: { temperature: 0.5 }, tools: null })
  await turn.answer(1, 0, 'Hi')
  const given = { modelSettings: { maxOutputTokens: 10 }, instructions: 'Be brief.', tools: ['time_now'] }
  await turn.accept('m2')
  expect(await turn.begin(2, 0, ['m2'])).toMatchObject({ settings: given })
  const changed = await change({ instructions: null, tools: null, fallbackModels: null })
  expect(changed).not.toHaveProperty('instructions')
  expect(changed).not.toHaveProperty('tools')
  expect(changed).not.toHaveProperty('fallbackModels')
  expect(changed.modelSettings).toEqual({ maxOutputTokens: 10 })
})
