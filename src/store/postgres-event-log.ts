import type { EventType } from '../contracts/event.ts'
import type { Database } from './database.ts'
import type { EventLog } from './event-log.ts'
import { fromWireNotice, type LogAnswer, toEvent, toEventRowsJson } from './log-answer.ts'
import { noConversation } from './no-conversation.ts'
import { openNotificationChannel } from './notification-channel.ts'
import { publishNotice } from './publish-notice.ts'

export type PostgresEventLogOptions = { onChannelError(error: unknown): void }

type StoredEvent = { seq: number; turn_id: string | null; type: EventType; body: object; ts: Date }
/** There is a row also for a page without events. */
type PageRow = { log_floor: number } & (StoredEvent | { seq: null })

/** The event log in PostgreSQL. */
export function createPostgresEventLog(database: Database, options: PostgresEventLogOptions): EventLog {
  return {
    async append(conversationId, events, { onlyInTurn, async = false } = {}) {
      const json = toEventRowsJson(events)
      const answer = await database.call<LogAnswer | null>('append_events', [
        conversationId,
        json,
        onlyInTurn ?? null,
        async,
      ])
      if (answer === null) throw noConversation(conversationId)
      if (!async) publishNotice(database, conversationId, answer, json)
      return answer.last
    },

    async read(conversationId, after, limit) {
      // One statement sees one moment: events and floor change together.
      const rows = await database.rows<PageRow>(
        'read_events',
        `select c.log_floor, e.* from conversations c
           left join lateral (
             select seq, turn_id, type, body, ts from events
               where conversation_id = c.id and seq > $2 order by seq limit $3) e on true
           where c.id = $1 order by e.seq`,
        [conversationId, after, limit + 1],
      )
      const found = rows.filter((row) => row.seq !== null)
      const page = found.slice(0, limit)
      return {
        events: page.map(({ seq, turn_id, type, body, ts }) =>
          toEvent(conversationId, { seq, ts, k: null, t: turn_id, y: type, b: body }),
        ),
        nextAfter: page.at(-1)?.seq ?? after,
        hasMore: found.length > limit,
        floor: rows[0]?.log_floor ?? 0,
      }
    },

    async listen({ onNotice, onGap }) {
      return openNotificationChannel(database, 'perdura_events', {
        onPayload: (payload) => onNotice(fromWireNotice(payload)),
        onGap,
        onError: options.onChannelError,
      })
    },
  }
}
