import { beforeAll, beforeEach, describe, expect, it } from 'vitest'

import type { Event } from '../../src/contracts/event.ts'
import type { EventLog, NewEvent } from '../../src/store/event-log.ts'
import { openNoticeBook } from './notice-book.ts'

/** How one implementation is put through the suite. */
export type EventLogHarness = {
  log: EventLog
  /** The same log as another process sees it. */
  other: EventLog
  createConversation(): Promise<{ id: string; owner: string }>
  /** Makes a turn the running one; null: none runs. */
  runTurn(conversationId: string, turnId: string | null): Promise<void>
  /** Breaks the connections that listeners have. */
  breakConnections(): Promise<void>
}

const everything = 10_000

export function note(message: string, key: string | null = null): NewEvent {
  return { key, turnId: null, body: { type: 'notice', level: 'info', code: 'test', message } }
}

export async function readAll(log: EventLog, conversationId: string): Promise<Event[]> {
  return (await log.read(conversationId, 0, everything)).events
}

export function messagesOf(events: readonly Event[]): string[] {
  return events.map((event) => (event.type === 'notice' ? event.message : event.type))
}

/** Runs the contract of `EventLog` over an implementation. */
export function eventLogConformance(name: string, open: () => Promise<EventLogHarness>): void {
  describe(`${name} keeps the contract of an event log`, () => {
    let harness: EventLogHarness
    let log: EventLog
    let id: string
    let owner: string
    beforeAll(async () => {
      harness = await open()
      log = harness.log
    })
    beforeEach(async () => {
      ;({ id, owner } = await harness.createConversation())
    })

    it('gives out events in the order in which they were appended', async () => {
      const last = await log.append(id, [note('a'), note('b')])
      const next = await log.append(id, [note('c')])
      const events = await readAll(log, id)
      expect(messagesOf(events)).toEqual(['a', 'b', 'c'])
      expect(events[1]?.seq).toBe(last)
      expect(events[2]?.seq).toBe(next)
      expect(next).toBeGreaterThan(last)
    })

    it('gives an event its base fields and nothing of the store', async () => {
      const body: NewEvent['body'] = { type: 'round.started', round: 1 }
      await log.append(id, [{ key: 'k', turnId: 't1', body }, note('b')])
      const [first, second] = await readAll(log, id)
      const base = { v: 1, seq: expect.any(Number), conversationId: id, ts: expect.any(String) }
      expect(first).toEqual({ ...base, turnId: 't1', ...body })
      expect(second).toEqual({ ...base, type: 'notice', level: 'info', code: 'test', message: 'b' })
      expect(new Date(first?.ts ?? '').toISOString()).toBe(first?.ts)
    })

    it('keeps conversations apart', async () => {
      const { id: second } = await harness.createConversation()
      await log.append(id, [note('mine', 'same')])
      await log.append(second, [note('yours', 'same')])
      expect(messagesOf(await readAll(log, id))).toEqual(['mine'])
      expect(messagesOf(await readAll(log, second))).toEqual(['yours'])
    })

    it('reads on from a cursor, a page at a time', async () => {
      await log.append(
        id,
        ['a', 'b', 'c'].map((text) => note(text)),
      )
      const first = await log.read(id, 0, 2)
      expect(messagesOf(first.events)).toEqual(['a', 'b'])
      expect(first).toMatchObject({ hasMore: true, nextAfter: first.events[1]?.seq })
      const second = await log.read(id, first.nextAfter, 2)
      expect(messagesOf(second.events)).toEqual(['c'])
      expect(second.hasMore).toBe(false)
      expect(await log.read(id, second.nextAfter, 2)).toEqual({
        events: [],
        nextAfter: second.nextAfter,
        hasMore: false,
        floor: 0,
      })
    })

    it('does nothing for a key that stands there, and returns the last number', async () => {
      await log.append(id, [note('first', 'k')])
      const last = await log.append(id, [note('b')])
      expect(await log.append(id, [note('other text', 'k')])).toBe(last)
      expect(messagesOf(await readAll(log, id))).toEqual(['first', 'b'])
    })

    it('appends what is new beside a key that stands there', async () => {
      await log.append(id, [note('a', 'ka')])
      await log.append(id, [note('a', 'ka'), note('b', 'kb'), note('b again', 'kb')])
      expect(messagesOf(await readAll(log, id))).toEqual(['a', 'b'])
    })

    it('has one event when two processes append the same key at once', async () => {
      const writers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? log : harness.other))
      const lasts = await Promise.all(writers.map((writer) => writer.append(id, [note('once', 'k')])))
      const events = await readAll(log, id)
      expect(messagesOf(events)).toEqual(['once'])
      expect(new Set(lasts)).toEqual(new Set([events[0]?.seq]))
    })

    it('numbers concurrent appends of two processes strictly rising, each one together', async () => {
      const batches = Array.from({ length: 60 }, (_, batch) =>
        Array.from({ length: (batch % 4) + 1 }, (__, index) => `${batch}.${index}`),
      )
      const lasts = await Promise.all(
        batches.map((texts, index) =>
          (index % 2 === 0 ? log : harness.other).append(
            id,
            texts.map((text) => note(text)),
            {
              async: index % 3 === 0,
            },
          ),
        ),
      )
      const events = await readAll(log, id)
      for (const [index, { seq }] of events.entries())
        expect(seq).toBeGreaterThan(events[index - 1]?.seq ?? 0)
      for (const [index, texts] of batches.entries()) {
        const end = events.findIndex(({ seq }) => seq === lasts[index])
        expect(messagesOf(events.slice(end - texts.length + 1, end + 1))).toEqual(texts)
      }
      expect(events).toHaveLength(batches.flat().length)
      expect(new Set(lasts).size).toBe(batches.length)
    })

    it('shows a reader all of an append or nothing', async () => {
      let appending = true
      const writing = Promise.all(
        Array.from({ length: 10 }, () =>
          log.append(
            id,
            Array.from({ length: 20 }, () => note('x')),
          ),
        ),
      ).finally(() => {
        appending = false
      })
      while (appending) expect((await readAll(harness.other, id)).length % 20).toBe(0)
      await writing
    })

    it('drops the events of a turn that is not the running one', async () => {
      const last = await log.append(id, [note('before')])
      await harness.runTurn(id, 't1')
      expect(await log.append(id, [note('late')], { onlyInTurn: 't0' })).toBe(last)
      expect(await log.append(id, [note('in time')], { onlyInTurn: 't1' })).toBeGreaterThan(last)
      await harness.runTurn(id, null)
      await log.append(id, [note('too late')], { onlyInTurn: 't1', async: true })
      expect(messagesOf(await readAll(log, id))).toEqual(['before', 'in time'])
    })

    it('shows asynchronous appends at once, in order with the others', async () => {
      await log.append(id, [note('a')], { async: true })
      await log.append(id, [note('b')])
      await log.append(id, [note('c')], { async: true })
      expect(messagesOf(await readAll(harness.other, id))).toEqual(['a', 'b', 'c'])
    })

    it('keeps any text, with a replacement for what no database holds', async () => {
      const texts = ['a\0b', 'lone \ud800 and \udc00', '\\u0000', '\\\0', 'emoji 😀 "quoted" \\ \n', '']
      await log.append(
        id,
        texts.map((text) => note(text)),
      )
      expect(messagesOf(await readAll(log, id))).toEqual([
        'a\uFFFDb',
        'lone \uFFFD and \uFFFD',
        '\\u0000',
        '\\\uFFFD',
        'emoji 😀 "quoted" \\ \n',
        '',
      ])
    })

    it('keeps a text of 1 MB', async () => {
      const text = '€'.repeat(350_000)
      await log.append(id, [note(text)])
      expect(messagesOf(await readAll(log, id))).toEqual([text])
    })

    it('refuses a conversation that does not exist', async () => {
      await expect(log.append('c_nobody', [note('a')])).rejects.toMatchObject({ code: 'not_found' })
    })

    it('tells every process of each append, with the owner and the numbers', async () => {
      const books = await Promise.all([log, harness.other].map((each) => openNoticeBook(each, id)))
      const first = await log.append(id, [note('a')])
      const second = await harness.other.append(id, [note('b')], { async: true })
      for (const book of books) {
        await book.until(() => new Set(book.notices.map(({ lastSeq }) => lastSeq)).size === 2)
        expect(book.notices).toContainEqual(
          expect.objectContaining({ owner, previousSeq: 0, lastSeq: first }),
        )
        expect(book.notices).toContainEqual(
          expect.objectContaining({ owner, previousSeq: first, lastSeq: second }),
        )
      }
      await Promise.all(books.map((book) => book.close()))
    })

    it('tells the events as they stand in the log, or only that there are some', async () => {
      const book = await openNoticeBook(harness.other, id)
      await log.append(id, [note('a', 'ka')])
      await log.append(id, [note('a', 'ka'), note('b\0"\\', 'kb'), note('c')])
      await log.append(id, [note('d'), note('e\ud800')], { async: true })
      const last = await log.append(id, [note('end')])
      await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
      const stored = await readAll(log, id)
      const telling = book.notices.filter(({ events }) => events !== undefined)
      for (const { events, previousSeq, lastSeq } of telling) {
        expect(events).toEqual(stored.filter(({ seq }) => seq > previousSeq && seq <= lastSeq))
      }
      await book.close()
    })

    it.for([false, true])('tells of an append that is too large to be told, async: %s', async (async) => {
      const book = await openNoticeBook(harness.other, id)
      for (const size of [7_000, 7_600, 7_700, 7_800, 7_900, 8_000, 20_000]) {
        const text = 'é'.repeat(size / 2)
        const last = await log.append(id, [note(text)], { async })
        await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
        const told = book.notices.find(({ lastSeq }) => lastSeq === last)
        expect([[text], undefined]).toContainEqual(told?.events && messagesOf(told.events))
      }
      await book.close()
    })

    it('tells nothing of an append that changed nothing', async () => {
      const book = await openNoticeBook(log, id)
      await log.append(id, [note('a', 'k')])
      await log.append(id, [note('a', 'k')])
      await log.append(id, [note('a')], { onlyInTurn: 'no turn' })
      const last = await log.append(id, [note('end')])
      await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
      expect(new Set(book.notices.map(({ lastSeq }) => lastSeq)).size).toBe(2)
      await book.close()
    })

    it('says that notices may be lost when the connection broke, and goes on telling', async () => {
      const book = await openNoticeBook(log, id)
      await harness.breakConnections()
      await book.until(() => book.gaps > 0)
      const last = await log.append(id, [note('after')])
      await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
      expect(book.notices.at(-1)?.lastSeq).toBe(last)
      await book.close()
    })

    it('tells nothing to a listener that has left', async () => {
      const left = await openNoticeBook(log, id)
      await left.close()
      const book = await openNoticeBook(log, id)
      const last = await log.append(id, [note('a')])
      await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
      expect(left.notices).toEqual([])
      await book.close()
    })
  })
}
