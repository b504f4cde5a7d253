import type { ResolvedRequest } from '../../client/conversation-view.ts'
import type { HumanRequest } from '../../contracts/human-request.ts'
import { toPlainLine } from '../text-filter.ts'

/** What a request is about, in quotes, so that it cannot pass for words of the program. */
function describeSubject({ kind, card, form }: HumanRequest): string {
  const [call] = card?.calls ?? []
  if (card && card.calls.length > 1) return `${card.calls.length} tool calls`
  const title = call?.title ?? form?.title
  return title === undefined ? kind : `“${toPlainLine(title)}”`
}

/** What a person is waited for. */
export function describeRequest(request: HumanRequest): string {
  switch (request.kind) {
    case 'permission':
      return `permission for ${describeSubject(request)}`
    case 'question':
      return `an answer to ${describeSubject(request)}`
    case 'wallet':
      return 'a wallet'
  }
}

/** Until when an answer counts, in the user's time. */
export function describeExpiry({ expiresAt }: Pick<HumanRequest, 'expiresAt'>, nowMs: number): string {
  const at = new Date(expiresAt)
  if (Number.isNaN(at.getTime())) return ''
  const pad = (part: number) => String(part).padStart(2, '0')
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
  return `until ${day} ${pad(at.getHours())}:${pad(at.getMinutes())} (${describeSpan(at.getTime() - nowMs)})`
}

function describeSpan(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return ms <= 0 ? 'over' : 'less than a minute'
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`
}

/** What a request came to and by whom; `own` when it was answered here. */
export function describeResolution(request: ResolvedRequest, own: boolean): string {
  const { outcome, by } = request
  const subject = describeSubject(request)
  if (outcome === undefined) return `${subject}: no longer open.`
  const who = own
    ? 'by you'
    : ['elsewhere', ...(by === undefined ? [] : [`by ${toPlainLine(by)}`])].join(', ')
  switch (outcome) {
    case 'approved':
    case 'rejected':
    case 'answered':
    case 'signed':
      return `${subject}: ${outcomeWords(request, outcome)} ${who}.`
    case 'expired':
      return `${subject}: expired; no answer means no.`
    case 'superseded':
    case 'cancelled':
      return `${subject}: cancelled${by === 'stop' ? ', because the turn was stopped' : ''}.`
  }
}

function outcomeWords(
  { kind, decisions = {} }: ResolvedRequest,
  outcome: 'approved' | 'rejected' | 'answered' | 'signed',
): string {
  const each = Object.values(decisions)
  const allowed = each.filter((decision) => decision === 'approve').length
  if (allowed > 0 && allowed < each.length) return `${allowed} allowed, ${each.length - allowed} refused`
  if (outcome === 'approved') return 'allowed'
  if (outcome === 'rejected') return kind === 'question' ? 'declined' : 'refused'
  return outcome
}
