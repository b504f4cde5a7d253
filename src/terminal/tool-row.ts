import type { CallEntry } from '../client/conversation-view.ts'
import { displayWidth, fitColumns } from './display-width.ts'
import type { Palette } from './palette.ts'
import { toPlainLine } from './text-filter.ts'

export type RowOptions = { palette: Palette; columns: number; nowMs: number }

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** The turning sign of something that goes on. */
export function spinnerAt(nowMs: number): string {
  return spinner[Math.floor(nowMs / 100) % spinner.length] ?? ''
}

/** One row for one tool call: what it is, how far it is, how it ended. */
export function toolRow(call: CallEntry, { palette, columns, nowMs }: RowOptions): string {
  const { mark, paint } = markOf(call, palette, nowMs)
  const title = fitColumns(
    toPlainLine(call.title),
    Math.max(10, columns - (call.status === 'waiting' ? 20 : 12)),
  )
  const rest = fitColumns(toPlainLine(stateOf(call, nowMs)), Math.max(0, columns - 5 - displayWidth(title)))
  return `${paint(mark)} ${title}${rest === '' ? '' : `  ${palette.dim(rest)}`}`
}

/** Where a running call is: step, progress, message. Empty for a call that told nothing. */
export function describeProgress(call: CallEntry): string {
  const { stepIndex, stepCount, fraction, message } = call
  const name = stepIndex === undefined ? undefined : call.steps[stepIndex]?.name
  return [
    stepIndex === undefined || stepCount === undefined
      ? ''
      : `step ${stepIndex + 1} of ${stepCount}${name === undefined ? '' : `: ${name}`}`,
    fraction === undefined ? '' : `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)} %`,
    message ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ')
}

/** How a call ended, in words; empty for a good end. */
function describeEnd({ status, error }: CallEntry): string {
  const reason = error ? `${error.code}: ${error.message}` : ''
  switch (status) {
    case 'running':
    case 'waiting':
    case 'ok':
    case 'ended':
      return ''
    case 'denied':
      return error === undefined ? 'denied' : (denials[error.code] ?? reason)
    case 'cancelled':
      return 'stopped'
    case 'timeout':
      return reason || 'timed out'
    case 'error':
      return reason || 'failed'
  }
}

/** The message of the error is written for the model. */
const denials: Readonly<Record<string, string>> = {
  permission_rejected: 'refused',
  permission_expired: 'nobody gave permission in time',
  question_declined: 'not answered',
  no_answer: 'nobody answered in time',
}

function stateOf(call: CallEntry, nowMs: number): string {
  if (call.status === 'waiting') return 'waits for you'
  const parts = call.status === 'running' ? [describeProgress(call)] : [describeEnd(call)]
  return [...parts, durationOf(call, nowMs)].filter((part) => part !== '').join(' · ')
}

function durationOf({ startedAt, endedAt, status }: CallEntry, nowMs: number): string {
  if (startedAt === undefined || (status !== 'running' && endedAt === undefined)) return ''
  const seconds = ((endedAt === undefined ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1_000
  return seconds >= 0 ? `${seconds.toFixed(1)} s` : ''
}

function markOf(call: CallEntry, palette: Palette, nowMs: number) {
  switch (call.status) {
    case 'running':
      return { mark: spinnerAt(nowMs), paint: palette.cyan }
    case 'waiting':
      return { mark: '?', paint: palette.yellow }
    case 'ok':
    case 'ended':
      return { mark: '✓', paint: palette.green }
    case 'cancelled':
      return { mark: '–', paint: palette.yellow }
    case 'denied':
    case 'timeout':
    case 'error':
      return { mark: '✗', paint: palette.red }
  }
}
