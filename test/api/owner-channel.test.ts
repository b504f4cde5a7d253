import { expect, test, vi } from 'vitest'

import { OwnerChannel } from '../../src/api/owner-channel.ts'
import { createScriptedLog, type ScriptedLog } from './scripted-log.ts'

function open(log: ScriptedLog) {
  const seen: number[] = []
  const errors: unknown[] = []
  const channel = new OwnerChannel(log, (_notice, error) => errors.push(error))
  channel.add({ push: (events) => void seen.push(...events.map(({ seq }) => seq)) })
  return { channel, seen, errors }
}

test('default: passes the events of a notice on without reading', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  channel.onNotice(log.commit(2))
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
  expect(log.reads).toBe(0)
})

test('behavior: a notice that is too large for its events is read, and not overtaken by the next', async () => {
  const log = createScriptedLog({ held: true })
  const { channel, seen } = open(log)
  const { events: _, ...bare } = log.commit(1)
  channel.onNotice(bare)
  channel.onNotice(log.commit(1))
  await vi.waitFor(() => expect(log.pending.length).toBe(1))
  expect(seen).toEqual([])
  log.answerRead()
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test('behavior: what was committed after a notice is not told twice', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  const { events: _, ...bare } = log.commit(1)
  const next = log.commit(1)
  channel.onNotice(bare)
  channel.onNotice(next)
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test('behavior: all events of a very large append are told', async () => {
  const log = createScriptedLog()
  const { channel, seen } = open(log)
  const { events: _, ...bare } = log.commit(1_300)
  channel.onNotice(bare)
  await vi.waitFor(() => expect(seen.length).toBe(1_300))
})

test('error: a read that fails is told, and the next notice passes', async () => {
  const log = createScriptedLog()
  const { channel, seen, errors } = open(log)
  vi.spyOn(log, 'read').mockRejectedValueOnce(new Error('away'))
  const { events: _, ...bare } = log.commit(1)
  channel.onNotice(bare)
  channel.onNotice(log.commit(1))
  await vi.waitFor(() => expect(seen).toEqual([2]))
  expect(errors).toEqual([new Error('away')])
})
