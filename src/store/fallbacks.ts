import { answerIdOf } from '../contracts/ids.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'

/**
 * Has another model answer the rest of a running turn, and says so in its log. Repeating it changes nothing, and
 * neither does a turn that has ended.
 */
export async function applyFallback(
  database: Database,
  { conversationId, turnId, round }: RoundRef,
  { from, to, message }: { from: string; to: string; message: string },
): Promise<void> {
  const key = `${answerIdOf(turnId, round)}:fallback:${from}`
  const events = toEventRowsJson([
    { key, turnId, body: { type: 'notice', level: 'warning', code: 'model_fallback', message } },
    { key: `${key}:started`, turnId, body: { type: 'round.started', round, model: to } },
  ])
  const answer = await database.call<{ log: LogAnswer | null }>('use_fallback', [
    conversationId,
    turnId,
    from,
    to,
    events,
  ])
  publishNotice(database, conversationId, answer.log, events)
}
