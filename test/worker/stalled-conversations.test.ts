import { Writable } from 'node:stream'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { createLogger } from '../../src/ops/logger.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { getConversation } from '../../src/store/conversations.ts'
import { watchForStalledConversations } from '../../src/worker/stalled-conversations.ts'
import { createTurnScript } from '../store/turn-script.ts'
import { createStore } from '../support/store.ts'
import { useHandWorkers } from './hand-worker.ts'

const nonDeterminism = 'WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR'
// A look each 5 s, at what has been quiet for 5 s.
const patience = { timeout: 30_000, interval: 100 }

const { database, createConversation } = await createStore()
const eventLog = createPostgresEventLog(database, { onChannelError: () => {} })
const workers = useHandWorkers()

const lines: Record<string, unknown>[] = []
const destination = new Writable({
  write(chunk, _encoding, done) {
    lines.push(JSON.parse(String(chunk)))
    done()
  },
})
let stops: (() => Promise<void>)[] = []
beforeAll(() => {
  const { client, connection, namespace, open } = workers()
  const logger = createLogger({ level: 'info', part: 'worker', destination })
  const options = { database, connection, namespace, client, workflows: open().workflows, logger }
  // As two workers do.
  stops = [watchForStalledConversations(options), watchForStalledConversations(options)]
})
afterAll(() => Promise.all(stops.map((stop) => stop())))

/** A conversation with a worker of its own, and what is known of it. */
async function openConversation() {
  const worker = workers().open()
  const { id, owner } = await createConversation()
  const turn = createTurnScript(database, { id, owner })
  return {
    id,
    worker,
    turn,
    /** As the api does it. */
    async post(message: string): Promise<void> {
      const { toSignal, turns, model } = await turn.accept(message)
      const facts = { conversationId: id, owner: { id: owner }, model, turns }
      await worker.workflows.signalMessages(facts, toSignal)
      await turn.announce(message)
    },
    isStalled: async () => (await getConversation(database, owner, id)).stalled,
    listEvents: async () => (await eventLog.read(id, 0, 100)).events,
    listLines: () => lines.filter(({ conversationId }) => conversationId === id),
    /** Messages that the latest run was told of. */
    async listSignalled(): Promise<string[]> {
      const { events } = await workers().client.getHandle(workflowIdOf(id)).fetchHistory()
      return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
        (signal?.input?.payloads ?? []).map(
          ({ data }) => JSON.parse(Buffer.from(data ?? []).toString()).messageId,
        ),
      )
    },
  }
}

test.concurrent('a workflow whose tasks fail makes its conversation stalled until one succeeds', async () => {
  const { worker, post, isStalled, listLines, listEvents } = await openConversation()
  await post('m1')
  for (let attempt = 1; attempt <= 3; attempt++) {
    await worker.failTask(nonDeterminism, `Bearer abcdefgh12345678 ${'x'.repeat(1_000)}`)
  }
  await vi.waitFor(async () => expect(await isStalled()).toBe(true), patience)
  expect(listLines()).toMatchObject([{ level: 'error', attempt: 4, cause: 'non_deterministic_error' }])
  expect(listLines()[0]?.['failure']).toMatch(/^Bearer \[redacted\] x{200,300}$/)

  await worker.completeTask()
  await vi.waitFor(async () => expect(await isStalled()).toBe(false), patience)
  expect((await listEvents()).slice(1)).toMatchObject([
    { type: 'conversation.updated', stalled: true },
    { type: 'notice', level: 'error', code: 'stalled' },
    { type: 'conversation.updated', stalled: false },
  ])
  expect(listLines()).toHaveLength(2)
})

test.concurrent('a workflow that is gone leaves its turn ended and what waits to a new one', async () => {
  const { id, worker, turn, post, isStalled, listLines, listEvents, listSignalled } = await openConversation()
  await post('m1')
  await worker.completeTask()
  await turn.begin(1, 0, ['m1'])
  await post('m2')
  await post('m3')
  await workers().client.getHandle(workflowIdOf(id)).terminate()
  const waiting = [turn.messageOf('m2'), turn.messageOf('m3')]
  await vi.waitFor(async () => expect(await listSignalled()).toEqual(waiting), patience)

  expect((await listEvents()).filter(({ type }) => type === 'turn.finished')).toMatchObject([
    { turnId: turn.turnIdOf(1), outcome: 'error', code: 'internal' },
  ])
  expect(await isStalled()).toBe(false)
  expect(listLines()).toMatchObject([{ level: 'warn', turnId: turn.turnIdOf(1) }])
})

test.concurrent('behavior: a workflow that waits for a worker is not stalled', async () => {
  const { id, post, isStalled, listLines } = await openConversation()
  await post('m1')
  const countLooks = () =>
    database.rows('test_looks', 'select 1 from stalled_looks where conversation_id = $1', [id])
  for (const _ of [1, 2]) {
    await database.rows('test_forget', 'delete from stalled_looks where conversation_id = $1', [id])
    await vi.waitFor(async () => expect(await countLooks()).toHaveLength(1), patience)
  }
  expect(await isStalled()).toBe(false)
  expect(listLines()).toEqual([])
})
