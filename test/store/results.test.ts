import { beforeEach, expect, test } from 'vitest'

import type { CallId } from '../../src/contracts/ids.ts'
import { readResultPart, searchResult } from '../../src/store/result-parts.ts'
import { findResult, type ResultRef, writeResult } from '../../src/store/results.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import { createStore } from '../support/store.ts'
import { createTurnScript } from './turn-script.ts'

const store = await createStore()
const { database } = store

let ref: { conversationId: string; turnId: string; callId: CallId }
let other: CallId
let owner: string
beforeEach(async () => {
  const conversation = await store.createConversation()
  owner = conversation.owner
  const turn = createTurnScript(database, conversation)
  await turn.accept('m1')
  await turn.begin(1, 0, ['m1'])
  await turn.askTools(1, 0, 2)
  ref = { conversationId: conversation.id, turnId: turn.turnIdOf(1), callId: turn.callOf(1, 0, 0) }
  other = turn.callOf(1, 0, 1)
})

const write = (text: string, callId = ref.callId) =>
  writeResult(database, callId, { utf8: Buffer.from(text), isPlainText: true })
const end = async (text: string, callId = ref.callId) => {
  const large = await write(text, callId)
  await finishCall(
    database,
    { ...ref, callId },
    { status: 'ok', output: undefined, large, error: null, text: 'cut' },
    [],
  )
}
const endSmall = (output: unknown, callId = ref.callId) =>
  finishCall(database, { ...ref, callId }, { status: 'ok', output, error: null, text: 'cut' }, [])

async function readWhole(wanted: ResultRef = ref): Promise<string> {
  let text = ''
  for await (const piece of (await findResult(database, wanted)).pieces()) text += piece.text
  return text
}
const countRows = async (table: 'large_results' | 'result_chunks') => {
  const [row] = await database.rows<{ count: number }>(
    `count ${table}`,
    `select count(*) as count from ${table}`,
  )
  return row?.count
}

// Three pieces and more; none of the edges falls between two characters by itself.
const long = `a${'🦊é'.repeat(150_000)}z`

test('keeps a large result whole, and reads it by parts', async () => {
  await end(long)
  expect(await readWhole()).toBe(long)
  const result = await findResult(database, ref)
  expect(result).toMatchObject({
    totalChars: long.length,
    sizeBytes: Buffer.byteLength(long),
    isPlainText: true,
  })

  let text = ''
  for (let offset: number | null = 0; offset !== null;) {
    const part = await readResultPart(database, ref, { offset, limit: 50_000 })
    expect(part).toMatchObject({ offset, totalChars: long.length })
    expect(part.text.isWellFormed()).toBe(true)
    text += part.text
    offset = part.nextOffset
  }
  expect(text).toBe(long)
})

test('reads a small result from its call: text as it is, anything else as JSON', async () => {
  await endSmall('plain')
  await endSmall({ a: [1, 'b'] }, other)
  expect(await readResultPart(database, ref, { offset: 1, limit: 3 })).toEqual({
    text: 'lai',
    offset: 1,
    nextOffset: 4,
    totalChars: 5,
  })
  expect(await readWhole({ ...ref, callId: other })).toBe('{"a":[1,"b"]}')
})

test('behavior: a part begins and ends with whole characters', async () => {
  await endSmall('a🦊b🦊')
  const read = (offset: number, limit: number) => readResultPart(database, ref, { offset, limit })
  expect(await read(0, 2)).toMatchObject({ text: 'a', nextOffset: 1 })
  expect(await read(1, 1)).toMatchObject({ text: '🦊', offset: 1, nextOffset: 3 })
  expect(await read(2, 2)).toMatchObject({ text: '🦊b', offset: 1, nextOffset: 4 })
  expect(await read(5, 10)).toMatchObject({ text: '🦊', offset: 4, nextOffset: null })
  expect(await read(6, 10)).toEqual({ text: '', offset: 6, nextOffset: null, totalChars: 6 })
  expect(await read(99, 10)).toEqual({ text: '', offset: 6, nextOffset: null, totalChars: 6 })
})

test('behavior: finds a text wherever it stands, also across pieces', async () => {
  const edge = 256 * 1024
  const text = `${'-'.repeat(edge - 3)}Needle${'-'.repeat(edge)}needle (1.0)${'-'.repeat(10)}NEEDLE`
  await end(text)
  const search = (changes: object) =>
    searchResult(database, ref, { text: 'needle', offset: 0, limit: 10, contextChars: 4, ...changes })
  const places = [edge - 3, 2 * edge + 3, 2 * edge + 25]
  expect(await search({})).toEqual({
    matches: [
      { offset: places[0], context: '----Needle----' },
      { offset: places[1], context: '----needle (1.' },
      { offset: places[2], context: '----NEEDLE' },
    ],
    nextOffset: null,
    totalChars: text.length,
  })
  expect(await search({ limit: 1 })).toMatchObject({
    matches: [{ offset: places[0] }],
    nextOffset: places[1],
  })
  expect(await search({ limit: 1, offset: places[1] })).toMatchObject({
    matches: [{ offset: places[1], context: '----needle (1.' }],
    nextOffset: places[2],
  })
  expect(await search({ text: '(1.0)' })).toMatchObject({ matches: [{ offset: (places[1] ?? 0) + 7 }] })
  expect(await search({ text: '(1x0)' })).toMatchObject({ matches: [], nextOffset: null })
})

test('behavior: what a try that died has left is not part of the result, and goes with its end', async () => {
  const died = await write('x'.repeat(600_000))
  await end('y'.repeat(300_000))
  expect(await readWhole()).toBe('y'.repeat(300_000))
  expect(
    await database.rows('writers', 'select written_by from large_results where call_id = $1', [ref.callId]),
  ).toEqual([expect.not.objectContaining({ written_by: died.writtenBy })])
})

test('behavior: a try that writes on after the end changes nothing', async () => {
  let ended = false
  const late = writeResult(
    database,
    ref.callId,
    { utf8: Buffer.from('x'.repeat(600_000)), isPlainText: true },
    async (one) => {
      await one()
      if (!ended) await end('y'.repeat(300_000))
      ended = true
    },
  )
  await expect(late).rejects.toThrow('foreign key')
  expect(await readWhole()).toBe('y'.repeat(300_000))
})

test('behavior: a write that is repeated counts once', async () => {
  const utf8 = Buffer.from(long)
  const large = await writeResult(database, ref.callId, { utf8, isPlainText: false }, async (one) => {
    await one()
    await one()
  })
  await finishCall(database, ref, { status: 'ok', output: undefined, large, error: null, text: 'cut' }, [])
  expect(await readWhole()).toBe(long)
})

test('behavior: goes with its conversation', async () => {
  await end(long)
  const before = await countRows('result_chunks')
  await database.rows('delete', 'delete from conversations where id = $1', [ref.conversationId])
  expect(await countRows('result_chunks')).toBeLessThan(before ?? 0)
})

test('behavior: a copy of a call has a result of its own', async () => {
  await end(long)
  await database.call('copy_results', [[ref.callId], [other]])
  const copy = { ...ref, callId: other }
  expect(await readWhole(copy)).toBe(long)
  await database.rows('delete call', 'delete from tool_calls where id = $1', [ref.callId])
  expect(await readWhole(copy)).toBe(long)
})

test('behavior: old results are removed, the latest stay, and a reader is told', async () => {
  await end(long)
  await end('y'.repeat(300_000), other)
  await database.rows('age', `update large_results set created_at = '2026-01-01' where call_id = $1`, [
    ref.callId,
  ])
  expect(await database.call('remove_large_results', ['2026-02-01', 100])).toBe(1)
  expect(await database.call('remove_large_results', ['2026-02-01', 100])).toBe(0)
  await expect(readWhole()).rejects.toMatchObject({
    code: 'result_unknown',
    message: expect.stringMatching(
      /It was removed on \d{4}-\d\d-\d\d: large results are not kept for ever\.$/,
    ),
  })
  expect(await readWhole({ ...ref, callId: other })).toBe('y'.repeat(300_000))
  const [left] = await database.rows('left', 'select 1 from result_chunks where call_id = $1', [ref.callId])
  expect(left).toBeUndefined()
})

test('behavior: pieces of a call that was ended without them are removed as well', async () => {
  await write(long)
  await database.rows('end', `update tool_calls set status = 'cancelled' where id = $1`, [ref.callId])
  await database.call('remove_large_results', [new Date(Date.now() + 60_000), 100])
  const left = await database.rows('left all', 'select 1 from large_results where call_id = $1', [ref.callId])
  expect(left).toEqual([])
})

test('error: no such call, another conversation, another owner, still running, ended without', async () => {
  const why = async (wanted: ResultRef) => {
    await expect(readWhole(wanted)).rejects.toMatchObject({ code: 'result_unknown' })
    return readWhole(wanted).catch((error: Error) => error.message)
  }
  expect(await why({ ...ref, callId: 'c_x.t1.r0.c0' })).toContain('This conversation has no such call.')
  expect(await why(ref)).toContain('The call has not ended.')
  await end(long)
  const stranger = await store.createConversation()
  expect(await why({ ...ref, conversationId: stranger.id })).toContain('This conversation has no such call.')
  expect(await why({ ...ref, owner: stranger.owner })).toContain('This conversation has no such call.')
  expect(await readWhole({ ...ref, owner })).toBe(long)
  const error = { code: 'tool_failed', message: 'No.', retryable: false }
  await finishCall(
    database,
    { ...ref, callId: other },
    { status: 'error', output: undefined, error, text: 'x' },
    [],
  )
  expect(await why({ ...ref, callId: other })).toContain('The call ended as error, without a result.')
})
