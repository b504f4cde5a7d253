import { createHash } from 'node:crypto'

import { Client as Connection } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { toolOutputLimitBytes, toolResultTextLimit } from '../../src/contracts/limits.ts'
import { toBulkyOutput } from '../fixtures/bulky-output.ts'
import { ofType } from '../support/follow.ts'
import { holdTable } from '../support/held-table.ts'
import { tellsPeakMemory, watchPeakMemory } from '../support/peak-memory.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, type Talk, textOf } from '../support/talk.ts'

let product: Product
let client: Client
let database: Connection

beforeAll(async () => {
  // A context that holds the beginnings of all these results.
  const env = { OPENAI_MODELS: 'scripted:4000000', PERDURA_TOOL_SLOTS: String(slots) }
  product = await startProduct({ env })
  client = await product.login()
  database = new Connection({ connectionString: product.databaseUrl })
  await database.connect()
})
afterAll(async () => {
  await database.end()
  await product.close()
})

vi.setConfig({ testTimeout: 180_000 })

const slots = 8
const megabyte = 1024 * 1024
const bulky = (mark: string, sizeBytes: number, gate?: string) => ({
  name: 'bulky',
  arguments: { mark, sizeBytes, ...(gate === undefined ? {} : { gate }) },
})

function digestOf(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** What is stored of each call's large result, by the call's id. */
async function readDigests(conversationId: string): Promise<Record<string, string>> {
  const { rows } = await database.query<{ id: string; digest: string }>(
    `select t.id, md5(string_agg(c.text, '' order by c.chunk)) as digest
       from tool_calls t join large_results r on r.call_id = t.id and r.total_chars is not null
         join result_chunks c on c.call_id = r.call_id and c.written_by = r.written_by
       where t.conversation_id = $1 group by t.id`,
    [conversationId],
  )
  return Object.fromEntries(rows.map(({ id, digest }) => [id, digest]))
}

/** The beginnings of the results that the model was given in its nth request, in their order. */
async function readMarks(key: string, request: number): Promise<string[]> {
  const body = JSON.stringify((await product.model.requests(key))[request]?.body)
  return [...body.matchAll(/\{\\"mark\\":\\"([^\\]+)\\",\\"rows\\"/g)].map(([, mark = '']) => mark)
}

test.runIf(tellsPeakMemory)(
  'fifty results of 10 MB at once: all whole and in order, in bounded memory',
  async () => {
    const places = Array.from({ length: 25 }, (_, index) => index)
    const marksOf = (side: string) => places.map((place) => `${side}-${String(place).padStart(2, '0')}`)
    const sides = ['port', 'star']
    const talks = await Promise.all(
      sides.map((side) =>
        startTalk(product, client, side, [
          callsOf(...marksOf(side).map((mark) => bulky(mark, 10 * megabyte, 'flood'))),
          textOf('Done.'),
        ]),
      ),
    )
    await product.gates.untilArrived('flood', slots)
    const memory = await watchPeakMemory(product.workers[0]?.pid ?? 0)
    product.gates.open('flood')
    const ends = await Promise.all(talks.map(({ following }) => following.untilTurns(1)))
    const grownMb = await memory.readGrowthMb()

    const sample = JSON.stringify(toBulkyOutput('MARK-00', 10 * megabyte))
    expect(ends).toMatchObject(talks.map(() => ({ outcome: 'success' })))
    for (const [index, { id, turnId, following }] of talks.entries()) {
      following.close()
      const side = sides[index] ?? ''
      const marks = marksOf(side)
      expect(await readMarks(side, 1)).toEqual(marks)
      const wanted = marks.map((mark, place) => [
        `${turnId}.r0.c${place}`,
        digestOf(sample.replace('MARK-00', mark)),
      ])
      expect(await readDigests(id)).toEqual(Object.fromEntries(wanted))
      expect(ofType(following.events, 'tool.completed').map(({ ref }) => ref?.sizeBytes)).toEqual(
        marks.map(() => 10 * megabyte),
      )
    }
    // About 200 of which 80 are results; 550 with four times as many slots.
    expect(grownMb).toBeLessThan(400)
  },
)

/** Plays replies as one turn to its end. */
async function play(key: string, ...replies: Parameters<typeof startTalk>[3]): Promise<Talk> {
  const talk = await startTalk(product, client, key, replies)
  await talk.following.untilTurns(1)
  talk.following.close()
  return talk
}

/** What the model was given of each call, in their order. */
async function textsOf({ id }: Talk): Promise<string[]> {
  const { messages } = await client.getConversation(id)
  const results = messages.filter(({ role }) => role === 'tool')
  return results.toSorted((one, other) => one.id.localeCompare(other.id)).map(({ text }) => text ?? '')
}

test('the model is given the beginning, reads on and searches', async () => {
  const whole = JSON.stringify(toBulkyOutput('long', 300_000))
  const talk = await play(
    'reader',
    callsOf(bulky('long', 300_000)),
    callsOf(
      { name: 'read_result', arguments: { callId: 't1.r0.c0', offset: toolResultTextLimit, limit: 500 } },
      { name: 'read_result', arguments: { callId: 't1.r0.c0', find: '"ID":"00000200"' } },
    ),
    textOf('Done.'),
  )
  const [cut = '', part = '', found = ''] = await textsOf(talk)
  expect(cut).toBe(
    `${whole.slice(0, toolResultTextLimit)}\n[cut: the first ${toolResultTextLimit} of 300000 characters. Read on ` +
      `with read_result {"callId":"t1.r0.c0","offset":${toolResultTextLimit}}; with "find" it searches the whole.]`,
  )
  expect(JSON.parse(part)).toEqual({
    offset: toolResultTextLimit,
    nextOffset: toolResultTextLimit + 500,
    totalChars: 300_000,
    untrusted_text: whole.slice(toolResultTextLimit, toolResultTextLimit + 500),
  })
  expect(JSON.parse(found)).toMatchObject({
    nextOffset: null,
    matches: [{ offset: whole.indexOf('"id":"00000200"') }],
  })
})

test('behavior: a step hands a large output on, and its event says how large it is', async () => {
  const { following } = await play(
    'steps',
    callsOf({ name: 'bulky_steps', arguments: { mark: 'steps', sizeBytes: 2 * megabyte } }),
    textOf('Done.'),
  )
  expect(ofType(following.events, 'tool.step')).toMatchObject([
    { step: 'fetch', ref: { step: 'fetch', sizeBytes: 2 * megabyte } },
    { step: 'measure', output: 2 * megabyte },
  ])
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ output: { sizeBytes: 2 * megabyte } }])
})

test('behavior: a worker that dies with all pieces stored and the call open leaves one whole result', async () => {
  const talk = await startTalk(product, client, 'dies', [
    callsOf(bulky('dies', toolOutputLimitBytes, 'dies')),
    textOf('Done.'),
  ])
  await product.gates.untilArrived('dies')
  const before = await countChunks()
  const held = await holdTable(product.databaseUrl, 'tool_calls')
  product.gates.open('dies')
  await held.untilReached('finish_calls')
  expect(await countChunks()).toBeGreaterThan(before)
  await product.workers.pop()?.kill('SIGKILL')
  await held.endWaiting('finish_calls')
  await held.release()
  await product.startWorker()
  expect(await talk.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  talk.following.close()
  expect(await readDigests(talk.id)).toEqual({
    [`${talk.turnId}.r0.c0`]: digestOf(JSON.stringify(toBulkyOutput('dies', toolOutputLimitBytes))),
  })
  const { rows } = await database.query('select 1 from large_results where call_id = $1', [
    `${talk.turnId}.r0.c0`,
  ])
  expect(rows).toHaveLength(1)
})

async function countChunks(): Promise<number> {
  const { rows } = await database.query<{ count: string }>('select count(*) as count from result_chunks')
  return Number(rows[0]?.count)
}

test('error: a result above the cap is an error that the model reads, and the turn goes on', async () => {
  const talk = await play('giant', callsOf(bulky('giant', toolOutputLimitBytes + 1)), textOf('Done.'))
  expect(ofType(talk.following.events, 'tool.completed')).toMatchObject([
    { status: 'error', error: { code: 'result_too_large', retryable: false } },
  ])
  expect((await textsOf(talk))[0]).toContain(
    `${toolOutputLimitBytes + 1} bytes; at most ${toolOutputLimitBytes}`,
  )
  expect(await readDigests(talk.id)).toEqual({})
})

test('error: a result of another conversation is not read', async () => {
  const first = await play('first', callsOf(bulky('secret', 100_000)), textOf('Done.'))
  const read = { name: 'read_result', arguments: { callId: `${first.turnId}.r0.c0` } }
  const second = await play('second', callsOf(read), textOf('Done.'))
  expect(ofType(second.following.events, 'tool.completed')).toMatchObject([
    { status: 'error', error: { code: 'result_unknown' } },
  ])
  expect((await textsOf(second))[0]).not.toContain('secret')
})
