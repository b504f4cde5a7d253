import { expect, test } from 'vitest'

import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, ofType } from '../support/follow.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { openSecondModel, readWire } from '../support/two-models.ts'
import { expectWholeLog } from '../support/whole-log.ts'

const { other, env } = await openSecondModel()
const product = useCheckedProduct({ env: { ...env, OPENAI_REASONING_EFFORTS: 'low,high' } })

const gated = (gate: string, id: string) => ({ id, name: 'gated', arguments: { gate } })

/** Each call has its result behind it, and no id stands for two calls. */
function expectPaired(replies: readonly { calls: string[]; results: (string | undefined)[] }[]) {
  for (const { calls, results } of replies) expect(results).toEqual(calls)
  const ids = replies.flatMap(({ calls }) => calls)
  expect(new Set(ids).size).toBe(ids.length)
  return ids
}

test('a message that joins a turn with open tool calls has another service go on with them', async () => {
  const { model, gates, guest } = product()
  const long = `call_${'x'.repeat(50)}`
  await model.script('mid-turn', [
    callsOf(gated('mid-a', 'call_0')),
    callsOf(gated('mid-b', 'call_0'), gated('mid-c', long)),
    textOf('Back again.'),
  ])
  await other.script('mid-turn', [callsOf(gated('mid-d', 'abcDEF123')), textOf('Taken over.')])
  for (const gate of ['mid-a', 'mid-d']) gates.open(gate)
  const { client } = await guest()
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:mid-turn]' })
  await Promise.all(['mid-b', 'mid-c'].map((gate) => gates.untilArrived(gate)))
  await client.postMessage(id, { text: 'Now you', busyPolicy: 'steer', model: 'mistral/other' })
  for (const gate of ['mid-b', 'mid-c']) gates.open(gate)
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'And back' })
  await following.untilTurns(2)
  following.close()

  const [first, second] = (await other.requests('mid-turn')).map(({ body }) => readWire(body))
  const ids = expectPaired(first?.replies ?? [])
  expect(ids).toHaveLength(3)
  for (const callId of ids) expect(callId).toMatch(/^[A-Za-z0-9]{9}$/)
  expect(first?.roles.slice(-4)).toEqual(['tool', 'tool', 'assistant', 'user'])
  expect(expectPaired(second?.replies ?? []).slice(0, 3)).toEqual(ids)
  const back = readWire((await model.requests('mid-turn')).at(-1)?.body)
  const backIds = expectPaired(back.replies)
  expect([backIds[0], backIds[3]]).toEqual(['call_0', 'abcDEF123'])
  for (const callId of backIds) expect(callId.length).toBeLessThanOrEqual(40)
  expect(ofType(following.events, 'round.started').map(({ model: named }) => named)).toEqual([
    undefined,
    undefined,
    'mistral/other',
    undefined,
    undefined,
  ])
  expect(ofType(following.events, 'turn.finished')).toMatchObject([
    { outcome: 'success' },
    { outcome: 'success' },
  ])
  const { messages } = await client.getConversation(id)
  expect(messages.filter(({ role }) => role === 'assistant').map(({ model: who }) => who)).toEqual([
    'openai/scripted',
    'openai/scripted',
    'mistral/other',
    'mistral/other',
    'openai/scripted',
  ])
  await expectWholeLog(client, id, following.events)
})

test('a message that names a model is answered by that one; the conversation keeps its own', async () => {
  const { model, guest } = product()
  await model.script('one-message', [textOf('Mine.')])
  await other.script('one-message', [textOf('Theirs.')])
  const { client } = await guest()
  const { id } = await client.createConversation()
  const following = follow(client, id)
  const message = { text: 'Go [script:one-message]', clientMessageId: 'm1' }
  await client.postMessage(id, { ...message, model: 'mistral/other' })
  await following.untilTurns(1)
  await client.postMessage(id, { ...message, model: 'openai/scripted' })
  await client.postMessage(id, { text: 'Next' })
  await following.untilTurns(2)
  following.close()
  expect(ofType(following.events, 'turn.started').map(({ model: named }) => named)).toEqual([
    'mistral/other',
    'openai/scripted',
  ])
  const { conversation, messages } = await client.getConversation(id)
  expect(conversation.model).toBe('openai/scripted')
  expect(messages.map(({ role, text, model: named }) => [role, text, named])).toEqual([
    ['user', message.text, 'mistral/other'],
    ['assistant', 'Theirs.', 'mistral/other'],
    ['user', 'Next', undefined],
    ['assistant', 'Mine.', 'openai/scripted'],
  ])
})

test('settings go over the wire as each service takes them, and what one does not take is left out', async () => {
  const { model, guest } = product()
  await model.script('wire', [textOf('One.'), textOf('Three.')])
  await other.script('wire', [textOf('Two.')])
  const { client } = await guest()
  const modelSettings = { temperature: 0.3, reasoningEffort: 'high' as const, maxOutputTokens: 500 }
  const { id } = await client.createConversation({ modelSettings })
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:wire]' })
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Next', model: 'mistral/other' })
  await following.untilTurns(2)
  await client.updateConversation(id, { modelSettings: {}, instructions: 'Be brief.' })
  await client.postMessage(id, { text: 'Last' })
  await following.untilTurns(3)
  following.close()
  const [first, third] = (await model.requests('wire')).map(({ body }) => readWire(body).request)
  const [second] = (await other.requests('wire')).map(({ body }) => readWire(body).request)
  expect(first).toMatchObject({ temperature: 0.3, reasoning_effort: 'high', max_completion_tokens: 500 })
  expect(second).toMatchObject({ temperature: 0.3, max_tokens: 500 })
  expect(second).not.toHaveProperty('reasoning_effort')
  for (const field of ['temperature', 'reasoning_effort', 'max_completion_tokens']) {
    expect(third).not.toHaveProperty(field)
  }
  expect(third?.messages[0]?.content).toContain('Be brief.')
})

test('error: a model that is not offered is refused, and nothing is stored', async () => {
  const { client } = await product().guest()
  const { id } = await client.createConversation()
  const posting = client.postMessage(id, { text: 'Hello', model: 'mistral/nobody' })
  await expect(posting).rejects.toMatchObject({ code: 'unknown_model' })
  expect((await client.getConversation(id)).messages).toEqual([])
})
