import { readFile } from 'node:fs/promises'

import { Client as TemporalClient, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { findAnyPort } from '../../dev/process/ports.ts'
import type { Client } from '../../src/client/create-client.ts'
import { workflowIdOf } from '../../src/contracts/ids.ts'
import { questionOf, untilAsked } from '../support/asked.ts'
import { type Following, ofType } from '../support/follow.ts'
import { type Part, type Product, startProduct } from '../support/product.ts'
import { loginBoth, type RawAnswer, type RawClient } from '../support/raw-client.ts'
import { callsOf, startTalk, type Talk, textOf } from '../support/talk.ts'
import { type BundleEnv, fixtureBundle, prebuiltBundle } from '../support/worker-bundle.ts'

// Temporal gives a task that failed twice again when 10 s are over; a look comes each 5 s after that.
const patienceMs = 180_000

let product: Product
let client: Client
let raw: RawClient
let bundles: Record<'released' | 'throws' | 'differs', BundleEnv>

beforeAll(async () => {
  const [released, throws, differs] = await Promise.all([
    prebuiltBundle(),
    fixtureBundle('throws'),
    fixtureBundle('differs'),
  ])
  bundles = { released, throws, differs }
  product = await startProduct({ workers: 0 })
  ;({ client, raw } = await loginBoth(product.url))
}, patienceMs)
afterAll(() => product.close())

/** Ends every worker and starts another version. */
async function deploy(version: keyof typeof bundles, env: Record<string, string> = {}): Promise<Part> {
  await Promise.all(product.workers.splice(0).map((worker) => worker.kill('SIGTERM')))
  return product.startWorker({ ...bundles[version], ...env })
}

async function reset(id: string): Promise<number> {
  return (await raw(`/api/conversations/${id}/reset`, {})).status
}

async function countStalled(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^perdura_conversations_stalled (\d+)$/m.exec(text)?.[1])
}

async function readStalledLine({ logFile }: Part, id: string): Promise<unknown> {
  const lines = (await readFile(logFile, 'utf8')).split('\n')
  return JSON.parse(lines.find((line) => line.includes(id) && line.includes('is stalled')) ?? '{}')
}

async function isStalled(id: string): Promise<boolean> {
  return (await client.getConversation(id)).conversation.stalled
}

function untilStalled(following: Following, stalled: boolean) {
  return following.until((event) => event.type === 'conversation.updated' && event.stalled === stalled)
}

/** Until no task of the workflows is under way: one that a worker takes along as it ends counts as a fault of its own. */
async function untilQuiet(talks: readonly Talk[]): Promise<void> {
  const connection = await Connection.connect({ address: product.temporal })
  const { workflow } = new TemporalClient({ connection })
  for (const { id } of talks) {
    const handle = workflow.getHandle(workflowIdOf(id))
    await vi.waitFor(
      async () => expect((await handle.describe()).raw.pendingWorkflowTask ?? undefined).toBeUndefined(),
      { timeout: 30_000 },
    )
  }
  await connection.close()
}

/** A turn that waits in a tool, and two messages behind it. */
async function startBusyTalk(key: string): Promise<Talk> {
  const talk = await startTalk(product, client, key, [
    callsOf({ name: 'gated', arguments: { gate: key } }),
    textOf('Second answer.'),
    textOf('Third answer.'),
  ])
  await product.gates.untilArrived(key)
  for (const text of ['Second', 'Third']) await client.postMessage(talk.id, { text })
  return talk
}

/** The turn that ran is lost, what waited is answered in order, and nothing is open any more. */
async function expectReset({ id, turnId, following }: Talk): Promise<void> {
  await following.untilTurns(3)
  const ends = ofType(following.events, 'turn.finished')
  expect(ends[0]).toMatchObject({ turnId, outcome: 'error', code: 'internal' })
  expect(ends.slice(1)).toMatchObject([{ outcome: 'success' }, { outcome: 'success' }])
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'error' }])
  const { conversation, messages, queue, turn } = await client.getConversation(id)
  const said = messages.filter(({ role }) => role !== 'tool').map(({ text }) => text)
  expect(said.slice(2)).toEqual(['Second', 'Second answer.', 'Third', 'Third answer.'])
  expect([conversation.state, conversation.stalled, queue, turn]).toEqual(['idle', false, [], undefined])
}

describe('conversations that a new version cannot replay', () => {
  let busy: Talk
  let asking: Talk
  let requestId: string
  let answer: RawAnswer
  let worker: Part
  let healthUrl: string

  beforeAll(async () => {
    await deploy('released')
    ;[busy, asking] = await Promise.all([
      startBusyTalk('differs'),
      startTalk(product, client, 'asks', [questionOf(), textOf('Answer.')]),
    ])
    ;({ requestId } = await untilAsked(asking.following))
    await asking.following.until(({ type }) => type === 'turn.waiting')
    await untilQuiet([busy, asking])
    const port = String(await findAnyPort())
    healthUrl = `http://127.0.0.1:${port}`
    worker = await deploy('differs', { PERDURA_HEALTH_PORT: port })
    product.gates.open('differs')
    answer = await raw(`/api/requests/${requestId}/response`, { answers: { which: 'left' } })
    await Promise.all([busy, asking].map(({ following }) => untilStalled(following, true)))
  }, patienceMs)

  test('are seen as stalled: by clients, in the log, and in the metrics', async () => {
    expect(answer).toMatchObject({ status: 503, body: { code: 'no_worker' } })
    for (const { id, following } of [busy, asking]) {
      expect(await isStalled(id)).toBe(true)
      const notice = await following.until(({ type }) => type === 'notice')
      expect(notice).toMatchObject({ level: 'error', code: 'stalled' })
      const line = await readStalledLine(worker, id)
      expect(line).toMatchObject({ level: 'error', cause: 'non_deterministic_error' })
      expect(line).toHaveProperty('failure', expect.stringMatching(/Nondeterminism/))
    }
    for (const url of [product.url, healthUrl]) expect(await countStalled(url)).toBe(2)
  })

  test('after a reset what waits is answered, and the turn that ran is ended', async () => {
    expect(await reset(busy.id)).toBe(202)
    // Its tool has not run again: Temporal gives nothing of a workflow to a build that the workflow is not on.
    await expectReset(busy)
    busy.following.close()
    expect(await countStalled(product.url)).toBe(1)
  })

  test('after a reset a question that was open is closed', async () => {
    expect(await reset(asking.id)).toBe(202)
    await asking.following.untilTurns(1)
    asking.following.close()
    const { events } = asking.following
    expect(ofType(events, 'request.resolved')).toMatchObject([{ requestId, outcome: 'cancelled' }])
    expect(ofType(events, 'turn.finished')).toMatchObject([{ outcome: 'error', code: 'internal' }])
    expect(await isStalled(asking.id)).toBe(false)
  })
})

test(
  'a stalled conversation goes on by itself when the fault is mended',
  async () => {
    await deploy('throws')
    const { id, following } = await startTalk(product, client, 'throws', [textOf('Answer.')])
    await untilStalled(following, true)
    expect(await isStalled(id)).toBe(true)
    await deploy('released')
    await following.untilTurns(1)
    await untilStalled(following, false)
    following.close()

    expect(ofType(following.events, 'turn.finished')).toMatchObject([{ outcome: 'success' }])
    expect(await isStalled(id)).toBe(false)
  },
  patienceMs,
)

describe('conversations that are well', () => {
  beforeAll(async () => {
    await deploy('released')
  }, patienceMs)

  test('behavior: can be reset too', async () => {
    const talk = await startBusyTalk('well')
    expect(await reset(talk.id)).toBe(202)
    await expectReset(talk)
    talk.following.close()
  })

  test('behavior: are answered without another message when their workflow is terminated', async () => {
    const talk = await startBusyTalk('terminated')
    const connection = await Connection.connect({ address: product.temporal })
    await new TemporalClient({ connection }).workflow.getHandle(workflowIdOf(talk.id)).terminate()
    await connection.close()
    await expectReset(talk)
    talk.following.close()
    expect(ofType(talk.following.events, 'notice')).toEqual([])
  })
})
