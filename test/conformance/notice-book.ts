import type { EventLog, EventNotice } from '../../src/store/event-log.ts'

/** What a listener was told of one conversation. */
export type NoticeBook = {
  notices: EventNotice[]
  gaps: number
  /** Resolves when the book fits, now or after a later notice. */
  until(fits: () => boolean): Promise<void>
  close(): Promise<void>
}

/** Listens and writes down what comes. */
export async function openNoticeBook(log: EventLog, conversationId: string): Promise<NoticeBook> {
  const watchers = new Set<() => void>()
  const wake = () => {
    for (const watch of watchers) watch()
  }
  const book: NoticeBook = {
    notices: [],
    gaps: 0,
    async until(fits) {
      if (fits()) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const watch = () => {
        if (fits()) resolve()
      }
      watchers.add(watch)
      await promise
      watchers.delete(watch)
    },
    close: await log.listen({
      onNotice(notice) {
        if (notice.conversationId !== conversationId) return
        book.notices.push(notice)
        wake()
      },
      onGap() {
        book.gaps += 1
        wake()
      },
    }),
  }
  return book
}
