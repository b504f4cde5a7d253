/** A thousand background calls of fifty conversations: none foreign, none lost, each told of once. */
import { Client as TemporalClient, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { callIdOf, noteIdOf, workflowIdOf } from '../../src/contracts/ids.ts'
import { signalNames } from '../../src/contracts/temporal-names.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { expectOneResultEach, expectTurnsToEndLast, readLog } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

const conversations = 50
const callsEach = 20

let product: Product
let client: Client

beforeAll(async () => {
  const env = {
    ...(await prebuiltBundle()),
    // Each call of a tool of one's own holds a process.
    PERDURA_BACKGROUND_SLOTS: '12',
    PERDURA_CACHED_WORKFLOWS: '2000',
  }
  product = await startProduct({ env, workers: 2 })
  client = await product.login()
})
afterAll(() => product.close())

// A thousand workflows take their time on a busy machine.
const patience = { timeout: 600_000, interval: 500 }

/** A conversation with calls that wait at a gate; most of them wait for a place before that. */
async function begin(index: number): Promise<string> {
  const key = `many-${index}`
  const calls = Array.from({ length: callsEach }, (_, number) => ({
    name: 'watched',
    arguments: { gate: 'all', number },
  }))
  await product.model.script(key, [
    callsOf(...calls),
    textOf('I am watching.'),
    { ...textOf('Noted.'), repeat: true },
  ])
  const { id } = await client.createConversation()
  await client.postMessage(id, { text: `Watch [script:${key}]` })
  return id
}

/** Makes the histories so large that each goes on in a new run with its next turn. */
async function growHistories(ids: readonly string[]): Promise<void> {
  const connection = await Connection.connect({ address: product.temporal })
  const { workflow } = new TemporalClient({ connection })
  for (const id of ids) {
    const { messages } = await client.getConversation(id)
    const seen = { messageId: messages[0]?.id, padding: 'x'.repeat(100_000) }
    const handle = workflow.getHandle(workflowIdOf(id))
    for (let count = 0; count < 11; count += 1) await handle.signal(signalNames.userMessage, seen)
  }
  await connection.close()
}

async function countRunsOf(ids: readonly string[]): Promise<number[]> {
  const connection = await Connection.connect({ address: product.temporal })
  const { workflow } = new TemporalClient({ connection })
  const counts = await Promise.all(
    ids.map(async (id) => (await workflow.count(`WorkflowId = '${workflowIdOf(id)}'`)).count),
  )
  await connection.close()
  return counts
}

async function untilTold(ids: readonly string[], count: number): Promise<void> {
  const waiting = new Set(ids)
  await vi.waitFor(async () => {
    for (const id of waiting) {
      const { messages, turn } = await client.getConversation(id)
      const notes = messages.filter(({ role }) => role === 'note')
      if (notes.length >= count && turn === undefined) waiting.delete(id)
    }
    expect([...waiting]).toEqual([])
  }, patience)
}

test('1,000 calls of 50 conversations end where they belong', { timeout: 1_200_000 }, async () => {
  const ids = await Promise.all(Array.from({ length: conversations }, (_, index) => begin(index)))
  await product.gates.untilArrived('all', 24)
  await growHistories(ids)
  product.gates.open('all')
  await product.gates.untilArrived('all', 200)
  await product.workers[0]?.kill('SIGKILL')
  await product.gates.untilArrived('all', 400)
  // A call whose worker dies twice ends as crashed; one that is handed over does not.
  await product.startWorker()
  await product.workers[1]?.kill('SIGTERM')
  await untilTold(ids, callsEach)
  await vi.waitFor(async () => {
    expect((await countRunsOf(ids)).every((runs) => runs >= 2)).toBe(true)
  }, patience)

  for (const [index, id] of ids.entries()) {
    const log = await readLog(client, id)
    const callIds = Array.from({ length: callsEach }, (_, number) => callIdOf(`${id}.t1`, 0, number))
    const ends = ofType(log, 'tool.completed')
    expect(ends.map(({ callId }) => callId).toSorted()).toEqual(callIds.toSorted())
    for (const { callId, status, output, turnId } of ends) {
      const number = callIds.indexOf(callId)
      expect({ status, output, turnId }).toMatchObject({
        status: 'ok',
        turnId: undefined,
        output: { number, callId, conversationId: id },
      })
    }
    const notes = ofType(log, 'system.note')
    expect(notes.map(({ messageId }) => messageId).toSorted()).toEqual(callIds.map(noteIdOf).toSorted())
    const started = ofType(log, 'turn.started').map(({ trigger }) => trigger)
    expect(started).toEqual(['user', ...started.slice(1).map(() => 'background')])
    expectOneResultEach(log)
    expectTurnsToEndLast(log)
    // What the model was given in the end: each of its own, once, and no other.
    const given = JSON.stringify((await product.model.requests(`many-${index}`)).at(-1)?.body)
    const told = [...given.matchAll(/The background call (\S+) of the tool watched has ended: ok\./g)]
    expect(told.map(([, callId = '']) => callId).toSorted()).toEqual(callIds.toSorted())
    const { calls, queue, conversation } = await client.getConversation(id)
    expect([calls, queue, conversation.state]).toEqual([[], [], 'idle'])
  }
})
