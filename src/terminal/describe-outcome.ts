import type { TurnOutcomeKind } from '../contracts/turn.ts'
import { toPlainLine } from './text-filter.ts'

/** What a person can do after a turn that ended with one of these codes. */
const advice = new Map(
  Object.entries({
    turn_budget:
      'What it found is kept: a new message goes on with a new turn. /compact makes its calls smaller.',
    day_budget: 'Your budget begins anew at midnight UTC; /usage in a chat shows it.',
    owner_budget: 'Whoever runs this server can raise your budget; /usage in a chat shows it.',
    context_full:
      'In a chat: /compact sums up the older part, /history summary does so from now on, /model takes a larger model, /clear begins anew.',
    output_limit:
      'Its answer stands as far as it came: “go on” asks for the rest, /model max=N in a chat allows more.',
    compaction_failed:
      'In a chat: /compact tries again, /history window N gives the model the latest messages alone, /clear begins anew.',
  }),
)

/** How a turn ended, in words; empty for a good end. */
export function describeOutcome(end: { outcome: TurnOutcomeKind; code?: string; message?: string }): string {
  const { outcome, code, message = '' } = end
  const reason = [message, code === undefined ? '' : `(${code})`, advice.get(code ?? '') ?? '']
  const said = toPlainLine(reason.filter((part) => part !== '').join(' '))
  switch (outcome) {
    case 'success':
      return ''
    case 'cancelled':
      return 'Stopped.'
    case 'limit':
      return `The turn met a limit. ${said}`.trim()
    case 'error':
      return `The turn failed. ${said}`.trim()
  }
}
