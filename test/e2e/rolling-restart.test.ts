import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { type Following, ofType } from '../support/follow.ts'
import { type Api, type Part, type Product, startProduct } from '../support/product.ts'
import { loginBoth } from '../support/raw-client.ts'
import { createTurningClient, startLoad, type SteadyTalk } from '../support/steady-load.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let product: Product
let client: Client
const apis: Api[] = []

beforeAll(async () => {
  product = await startProduct({ workers: 2, env: await prebuiltBundle() })
  apis.push(product.api, await product.startApi())
  const { token } = await loginBoth(product.url)
  client = createTurningClient(token, () => apis.map(({ url }) => url))
})
afterAll(() => product.close())

// Nine processes start, on a machine that has enough to do already.
vi.setConfig({ testTimeout: 240_000 })

const streamed: ScriptedReply = {
  parts: [{ type: 'text', text: 'An answer that takes the better part of a second. ', times: 8, paceMs: 60 }],
  repeat: true,
}
/** A model that is asked again gets the next reply, so turns change places: each has its end all the same. */
const withTools: ScriptedReply[] = Array.from({ length: 500 }, () => [
  callsOf({ name: 'time_now', arguments: {} }, { name: 'gated_steps', arguments: { gate: 'open' } }),
  textOf('The time, after three steps.'),
]).flat()

test('two workers and two apis restart one after the other: no turn fails, no event is lost', async () => {
  for (const step of ['one', 'two', 'three']) product.gates.open(`open-${step}`)
  const keys = ['text-0', 'text-1', 'text-2', 'tools-0', 'tools-1', 'tools-2']
  for (const key of keys) await product.model.script(key, key.startsWith('text') ? [streamed] : withTools)
  // Two turns that take as long as the whole restart: whichever worker has them, it is restarted.
  const words = await startTalk(product, client, 'words', [
    { ...textOf('Words that ', { gate: 'words' }, 'go on.'), repeat: true },
  ])
  const tool = await startTalk(product, client, 'tool', [
    callsOf({ name: 'gated', arguments: { gate: 'tool' } }),
    textOf('Done.'),
  ])
  await words.following.until(({ type }) => type === 'text.delta')
  await product.gates.untilArrived('tool')
  const load = await startLoad(
    client,
    keys.map((key) => `Go [script:${key}]`),
  )

  await load.untilAnswered(1)
  for (const place of [0, 1]) {
    await restartApi(place)
    await load.untilAnswered(1)
    await restartWorker('SIGTERM')
    await load.untilAnswered(1)
  }
  await restartWorker('SIGKILL')
  await load.untilAnswered(1)
  await product.model.openGate('words')
  product.gates.open('tool')
  await Promise.all([words.following.untilTurns(1), tool.following.untilTurns(1)])
  const talks = await load.end()
  words.following.close()
  tool.following.close()

  for (const talk of [...talks, words, tool]) await expectAllAnswered(talk)
  for (const { following, posted } of talks) expect(answeredIn(following)).toEqual(posted)
  const [answer] = ofType(words.following.events, 'text.completed')
  expect(answer).toMatchObject({ text: 'Words that go on.' })
  expect(answer?.attempt).toBeGreaterThan(1)
  expect(product.gates.arrivals('tool')).toBeGreaterThan(1)
})

async function restartApi(place: number): Promise<void> {
  const api = apis[place]
  if (api === undefined) throw new Error(`There is no api ${place}.`)
  await end(api, 'SIGTERM')
  apis[place] = await product.startApi(api.port)
}

async function restartWorker(signal: NodeJS.Signals): Promise<void> {
  const worker = product.workers.shift()
  if (worker === undefined) throw new Error('There is no worker.')
  await end(worker, signal)
  await product.startWorker()
}

async function end(part: Part, signal: NodeJS.Signals): Promise<void> {
  const startedMs = performance.now()
  await part.kill(signal)
  expect(await part.ended).toBe(signal === 'SIGTERM' ? 0 : null)
  expect(performance.now() - startedMs).toBeLessThan(10_000)
}

/** Every message has one turn that succeeded, and whoever followed was sent each event once. */
async function expectAllAnswered({ id, following }: Pick<SteadyTalk, 'id' | 'following'>): Promise<void> {
  const { events } = following
  const asked = ofType(events, 'user.message').map(({ messageId }) => messageId)
  expect(answeredIn(following)).toEqual(asked)
  const outcomes = ofType(events, 'turn.finished').map(({ outcome }) => outcome)
  expect(outcomes).toEqual(asked.map(() => 'success'))
  expectOneResultEach(events)
  expect(ofType(events, 'tool.completed').filter(({ status }) => status !== 'ok')).toEqual([])
  await expectEachOnce(client, id, events)
  await expectSameTexts(client, id, events)
}

/** The messages that turns have answered, in order. */
function answeredIn({ events }: Following): string[] {
  return ofType(events, 'turn.started').flatMap(({ messageIds }) => messageIds)
}
