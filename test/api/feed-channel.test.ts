import { expect, test, vi } from 'vitest'

import { FeedChannel } from '../../src/api/feed-channel.ts'
import { createScriptedLog, type ScriptedLog } from './scripted-log.ts'

function open(log: ScriptedLog) {
  const seen: number[] = []
  const missed: number[] = []
  const errors: unknown[] = []
  const channel = new FeedChannel('c_1', log.lastSeq, log, (error) => errors.push(error))
  const follower = {
    push: (events: readonly { seq: number }[]) => seen.push(...events.map(({ seq }) => seq)),
    miss: (floor: number) => void missed.push(floor),
  }
  channel.add(follower)
  return { channel, follower, seen, missed, errors }
}

test('default: passes the events of a notice on without reading', () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  channel.onNotice(log.commit(2))
  channel.onNotice(log.commit(1))
  expect([seen, log.reads]).toEqual([[1, 2, 3], 0])
})

test('behavior: a gap before a notice is read from the log', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  log.commit(3)
  channel.onNotice(log.commit(1))
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4]))
})

test('behavior: a notice without events is read from the log', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  const { events: _, ...bare } = log.commit(2)
  channel.onNotice(bare)
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test('behavior: a notice that comes again changes nothing', () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  const notice = log.commit(2)
  for (let repeat = 0; repeat < 3; repeat++) channel.onNotice(notice)
  expect([seen, log.reads]).toEqual([[1, 2], 0])
})

test('behavior: notices out of order are passed on in order, each event once', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  const notices = [log.commit(1), log.commit(2), log.commit(1)]
  for (const notice of notices.toReversed()) channel.onNotice(notice)
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4]))
})

test('behavior: a notice during a read is not lost when the read did not see it', async () => {
  const log = createScriptedLog({ held: true })
  const { channel, seen } = open(log)
  log.commit(1)
  channel.readOn()
  channel.onNotice(log.commit(1))
  expect(seen).toEqual([])
  log.answerRead()
  await vi.waitFor(() => expect(log.pending.length).toBe(1))
  log.answerRead()
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test('behavior: a long gap is read in pages', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  log.commit(1_300)
  channel.readOn()
  await vi.waitFor(() => expect(seen.length).toBe(1_300))
  expect(log.reads).toBe(3)
})

test('behavior: reading stops when the last follower leaves', async () => {
  const log = createScriptedLog({ held: true })
  const { channel, follower, seen } = open(log)
  log.commit(1_300)
  channel.readOn()
  expect(channel.remove(follower)).toBe(0)
  log.answerRead()
  await vi.waitFor(() => expect(channel.lastSeq).toBe(500))
  expect([log.pending.length, seen]).toEqual([0, []])
})

test('behavior: events that were removed before they were read are told as missed, once, and the rest goes on', async () => {
  const log = createScriptedLog()
  const { channel, seen, missed } = open(log)
  channel.onNotice(log.commit(2))
  log.commit(3)
  log.sweep(4)
  channel.onNotice(log.commit(1))
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 5, 6]))
  log.sweep(6)
  channel.readOn()
  await vi.waitFor(() => expect(log.reads).toBe(2))
  channel.onNotice(log.commit(1))
  await vi.waitFor(() => expect(seen.at(-1)).toBe(7))
  expect(missed).toEqual([4])
})

test('error: a read that fails is told, and the next one goes on', async () => {
  const log = createScriptedLog()
  const { channel, seen, errors } = open(log)
  log.commit(1)
  const read = vi.spyOn(log, 'read').mockRejectedValueOnce(new Error('away'))
  channel.readOn()
  await vi.waitFor(() => expect(errors.length).toBe(1))
  channel.readOn()
  await vi.waitFor(() => expect(seen).toEqual([1]))
  expect(read).toHaveBeenCalledTimes(2)
})
