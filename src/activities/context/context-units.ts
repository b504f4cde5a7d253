import type { TurnId } from '../../contracts/ids.ts'
import type { HistoryMessage } from '../../store/history-backend.ts'
import { listTurns } from './list-turns.ts'

/**
 * Parts a history, oldest first, into what may be left out of a context as a whole, and the running turn with all
 * that came since it began.
 */
export function toUnits(
  messages: readonly HistoryMessage[],
  runningTurn: TurnId,
): { older: HistoryMessage[][]; running: HistoryMessage[] } {
  const start = messages.findIndex(({ turnId }) => turnId === runningTurn)
  if (start < 0) return { older: listTurns(messages), running: [] }
  return { older: listTurns(messages.slice(0, start)), running: messages.slice(start) }
}
