import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type EventLogHarness, messagesOf, note, readAll } from './event-log.ts'
import { openNoticeBook } from './notice-book.ts'

/** The part of the contract that takes a crash of what keeps the log. */
export type CrashingLogHarness = Pick<EventLogHarness, 'log' | 'createConversation'> & {
  /** Kills it without warning and starts it again. */
  crash(): Promise<void>
  close(): Promise<void>
}

export function eventLogCrashConformance(name: string, open: () => Promise<CrashingLogHarness>): void {
  describe(`${name} survives a crash`, () => {
    let harness: CrashingLogHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(() => harness.close())

    it('keeps what was appended synchronously, and never gives out a number twice', async () => {
      const { log } = harness
      const { id } = await harness.createConversation()
      const given = new Set<number>()
      given.add(await log.append(id, [note('fact', 'fact')]))
      for (let index = 0; index < 50; index++) {
        given.add(await log.append(id, [note(`delta ${index}`)], { async: true }))
      }
      await harness.crash()
      const kept = await readAll(log, id)
      expect(messagesOf(kept)[0]).toBe('fact')
      await log.append(id, [note('fact', 'fact')])
      // With keys: an append whose answer is lost in the crash is repeated.
      const next = await log.append(id, [note('after', 'after')])
      expect(next).toBeGreaterThan(Math.max(...given))
      expect(messagesOf(await readAll(log, id))).toEqual([...messagesOf(kept), 'after'])
      expect(await log.append(id, [note('and on')])).toBe(next + 1)
    })

    it('tells listeners that notices were lost', async () => {
      const { id } = await harness.createConversation()
      const book = await openNoticeBook(harness.log, id)
      await harness.crash()
      await book.until(() => book.gaps > 0)
      const last = await harness.log.append(id, [note('after')])
      await book.until(() => book.notices.some(({ lastSeq }) => lastSeq === last))
      expect(book.notices.at(-1)?.lastSeq).toBe(last)
      await book.close()
    })
  })
}
