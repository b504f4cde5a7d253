import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { openCutter } from '../api/cutter.ts'
import { withDatabase } from '../api/with-database.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { temporalAddress } from '../support/servers.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectSameTexts } from '../support/whole-log.ts'

const temporal = await openCutter(await temporalAddress())
let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ temporal: temporal.address })
  client = await product.login()
})
afterAll(async () => {
  await product.close()
  await temporal.close()
})

test('a fork is made while the original runs a turn, and then both run at once', async () => {
  const { id, following } = await startTalk(product, client, 'original', [
    textOf('First answer.'),
    callsOf({ name: 'gated', arguments: { gate: 'original' } }),
    textOf({ gate: 'original-text' }, 'Second answer.'),
  ])
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Second' })
  await product.gates.untilArrived('original')
  const { messages } = await client.getConversation(id)
  const answer = messages.find(({ text }) => text === 'First answer.')
  const fork = await client.forkConversation(id, answer?.id ?? '')
  const copied = (await client.getConversation(fork.id)).messages
  expect(copied.map(({ role, text }) => [role, text])).toEqual([
    ['user', 'Go [script:original]'],
    ['assistant', 'First answer.'],
  ])

  await product.model.script('fork', [
    callsOf({ name: 'gated', arguments: { gate: 'fork' } }),
    textOf({ gate: 'fork-text' }, 'Answer of the fork.'),
  ])
  const forked = follow(client, fork.id)
  await client.postMessage(fork.id, { text: 'Otherwise [script:fork]' })
  await product.gates.untilArrived('fork')
  for (const gate of ['original', 'fork']) product.gates.open(gate)
  await Promise.all([
    product.model.until('original', 3, 'arrived'),
    product.model.until('fork', 2, 'arrived'),
  ])
  const states = await Promise.all([id, fork.id].map((each) => client.getConversation(each)))
  expect(states.map(({ turn }) => turn?.turnId)).toEqual([`${id}.t2`, `${fork.id}.t3`])
  await Promise.all(['original-text', 'fork-text'].map((gate) => product.model.openGate(gate)))
  const ends = await Promise.all([following.untilTurns(2), forked.untilTurns(1)])
  following.close()
  forked.close()

  expect(ends).toMatchObject([{ outcome: 'success' }, { outcome: 'success' }])
  const texts = async (each: string) =>
    (await client.getConversation(each)).messages.filter(({ role }) => role === 'assistant').at(-1)?.text
  expect(await Promise.all([id, fork.id].map(texts))).toEqual(['Second answer.', 'Answer of the fork.'])
  await expectEachOnce(client, id, following.events)
  await expectEachOnce(client, fork.id, forked.events)
})

test('kill -9 of the api between accepting an edit and telling the workflow: a repeat heals it', async () => {
  const { id, following } = await startTalk(product, client, 'healed', [
    textOf('First answer.'),
    { ...textOf('Better answer.'), repeat: true },
  ])
  await following.untilTurns(1)
  const [question] = ofType(following.events, 'user.message')
  const wish = {
    messageId: question?.messageId ?? '',
    text: 'Better [script:healed]',
    clientMessageId: 'edit',
  }
  temporal.cut()
  const lost = client.regenerate(id, wish).catch(() => 'no answer')
  await vi.waitFor(async () => expect(await countSuperseded(id)).toBe(2), 10_000)
  await product.api.kill('SIGKILL')
  expect(await lost).toBe('no answer')
  temporal.mend()
  await product.restartApi()
  expect((await client.getConversation(id)).queue).toMatchObject([{ text: 'Better [script:healed]' }])
  const repeat = await vi.waitFor(() => client.regenerate(id, wish), 20_000)
  await following.untilTurns(2)
  following.close()

  const { messages } = await client.getConversation(id)
  expect(messages.map(({ text }) => text)).toEqual(['Better [script:healed]', 'Better answer.'])
  expect(messages[0]?.id).toBe(repeat.messageId)
  await expectEachOnce(client, id, following.events)
  await expectSameTexts(client, id, following.events)
})

async function countSuperseded(id: string): Promise<number> {
  return withDatabase(product.databaseUrl, async (database) => {
    const { rows } = await database.query(
      'select 1 from messages where conversation_id = $1 and superseded_by is not null',
      [id],
    )
    return rows.length
  })
}
