import type { TurnId } from '../../contracts/ids.ts'
import type { HistoryMessage } from '../../store/history-backend.ts'

/**
 * Parts a history, oldest first, into what may be left out of a context as a whole: each message of the user with
 * everything until the next one. The running turn, with all that came since it began, is no part of them.
 */
export function toUnits(
  messages: readonly HistoryMessage[],
  runningTurn: TurnId,
): { older: HistoryMessage[][]; running: HistoryMessage[] } {
  const start = messages.findIndex(({ turnId }) => turnId === runningTurn)
  const older: HistoryMessage[][] = []
  for (const message of start < 0 ? messages : messages.slice(0, start)) {
    const unit = older.at(-1)
    if (unit === undefined || message.role === 'user') older.push([message])
    else unit.push(message)
  }
  return { older, running: start < 0 ? [] : messages.slice(start) }
}
