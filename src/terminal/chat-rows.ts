import type { CallEntry, ConversationView } from '../client/conversation-view.ts'
import { connectionRemarks } from './connection-remarks.ts'
import { fitColumns } from './display-width.ts'
import type { Palette } from './palette.ts'
import { toPlainLine } from './text-filter.ts'
import { spinnerAt, toolRow } from './tool-row.ts'

/** What the live rows of a chat show besides the conversation. */
export type ChatStatus = {
  /** Messages that the server has not confirmed yet. */
  sending: readonly string[]
  stopping: boolean
  connection: 'good' | 'lost' | 'again'
}

export type RowsOptions = { palette: Palette; columns: number; nowMs: number; answering: boolean }

/** The rows between the conversation and the prompt: running tools, what waits, how the connection is. */
export function chatRows(view: ConversationView, status: ChatStatus, options: RowsOptions): string[] {
  const { palette, columns, nowMs, answering } = options
  const dim = (text: string) => palette.dim(fitColumns(text, columns - 1))
  const running = view.entries.filter(
    (each): each is CallEntry => each.kind === 'call' && each.status === 'running',
  )
  const arrived = view.entries.flatMap((each) =>
    each.kind === 'message' && each.role === 'user' && each.state === 'received' ? [each.content.text] : [],
  )
  const idle = running.length === 0 && !answering && view.turn
  return [
    ...running.map((call) => toolRow(call, options)),
    ...(idle ? [dim(`${spinnerAt(nowMs)} ${view.state}  ${secondsSince(view.turn?.startedAt, nowMs)}`)] : []),
    ...(isRepeated(view) ? [dim(`${spinnerAt(nowMs)} the model was asked again for this answer`)] : []),
    ...[...arrived, ...status.sending].map((text) => dim(`› ${toPlainLine(text)}`)),
    ...view.queue.map(({ content }) => dim(`  queued: ${toPlainLine(content.text)}`)),
    ...(status.connection === 'good' ? [] : [dim(connectionRemarks[status.connection])]),
    ...(status.stopping ? [dim('Stopping… Ctrl-C again leaves; the turn stops by itself.')] : []),
  ]
}

/** While a repeated answer catches up with what was shown, nothing else would move. */
function isRepeated(view: ConversationView): boolean {
  const last = view.entries.at(-1)
  if (!view.turn || last?.kind !== 'message' || last.role !== 'assistant') return false
  return !last.content.complete && last.content.attempt > 1
}

function secondsSince(startedAt: string | undefined, nowMs: number): string {
  if (startedAt === undefined) return ''
  return `${Math.max(0, (nowMs - Date.parse(startedAt)) / 1_000).toFixed(0)} s`
}
