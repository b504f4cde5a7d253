import type { TurnOutcomeKind } from '../contracts/turn.ts'
import { toPlainLine } from './text-filter.ts'

/** How a turn ended, in words; empty for a good end. */
export function describeOutcome(end: { outcome: TurnOutcomeKind; code?: string; message?: string }): string {
  const reason = toPlainLine([end.message ?? '', end.code === undefined ? '' : `(${end.code})`].join(' '))
  switch (end.outcome) {
    case 'success':
      return ''
    case 'cancelled':
      return 'Stopped.'
    case 'limit':
      return `The turn met a limit. ${reason}`.trim()
    case 'error':
      return `The turn failed. ${reason}`.trim()
  }
}
