import type { CallEntry, ConversationView } from '../client/conversation-view.ts'
import { connectionRemarks } from './connection-remarks.ts'
import { fitColumns } from './display-width.ts'
import type { Palette } from './palette.ts'
import type { Prompt } from './prompts/prompt.ts'
import { stalledRemark } from './stalled-remark.ts'
import { toPlainLine } from './text-filter.ts'
import { spinnerAt, toolRow } from './tool-row.ts'
import { waitRow } from './wait-row.ts'

/** What the live rows of a chat show besides the conversation. */
export type ChatStatus = {
  /** Messages that the server has not confirmed yet. */
  sending: readonly string[]
  stopping: boolean
  connection: 'good' | 'lost' | 'again'
  /** What the user is asked for. */
  prompt: Prompt | undefined
  /** An answer to it is on its way. */
  answering: boolean
  /** The conversation that is open. */
  conversationId: string | undefined
  /** Answers the next message alone. */
  nextModel: string | undefined
}

export type RowsOptions = { palette: Palette; columns: number; nowMs: number; answering: boolean }

/** The rows between the conversation and the prompt: running tools, what waits, how the connection is. */
export function chatRows(view: ConversationView, status: ChatStatus, options: RowsOptions): string[] {
  const { palette, columns, nowMs } = options
  const dim = (text: string) => palette.dim(fitColumns(text, columns - 1))
  const running = view.entries.filter(isRunning)
  const arrived = view.entries.flatMap((each) =>
    each.kind === 'message' && each.role === 'user' && each.state === 'received' ? [each.content.text] : [],
  )
  return [
    ...running.map((call) => toolRow(call, options)),
    ...stateRows(view, running.filter(({ background }) => !background).length, options).map(dim),
    ...(isRepeated(view) ? [dim(`${spinnerAt(nowMs)} the model was asked again for this answer`)] : []),
    ...[...arrived, ...status.sending].map((text) => dim(`› ${toPlainLine(text)}`)),
    ...view.queue.map(({ content }) => dim(`  queued: ${toPlainLine(content.text)}`)),
    ...(view.conversation?.stalled ? [palette.red(fitColumns(stalledRemark, columns - 1))] : []),
    ...(status.connection === 'good' ? [] : [dim(connectionRemarks[status.connection])]),
    ...(status.stopping ? [dim('Stopping… Ctrl-C again leaves; the turn stops by itself.')] : []),
  ]
}

/** Running, or waiting for a person. */
export function isRunning(entry: ConversationView['entries'][number]): entry is CallEntry {
  return entry.kind === 'call' && (entry.status === 'running' || entry.status === 'waiting')
}

/** `running`: calls that the turn waits for. */
function stateRows(view: ConversationView, running: number, { nowMs, answering }: RowsOptions): string[] {
  const [request] = view.requests
  if (request) return [waitRow(request, view.requests.length, nowMs)]
  if (running > 0 || answering || !view.turn) return []
  return [`${spinnerAt(nowMs)} ${view.state}  ${secondsSince(view.turn.startedAt, nowMs)}`]
}

/** While a repeated answer catches up with what was shown, nothing else would move. */
function isRepeated(view: ConversationView): boolean {
  const last = view.entries.at(-1)
  if (!view.turn || last?.kind !== 'message' || last.role !== 'assistant') return false
  return !last.content.complete && last.content.attempt > 1
}

function secondsSince(startedAt: string, nowMs: number): string {
  return `${Math.max(0, (nowMs - Date.parse(startedAt)) / 1_000).toFixed(0)} s`
}
