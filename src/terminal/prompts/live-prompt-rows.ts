import type { ChatStatus } from '../chat-rows.ts'
import { fitColumns } from '../display-width.ts'
import type { Palette } from '../palette.ts'
import type { PromptKeys } from './prompt-keys.ts'
import { hintRows, promptRows } from './prompt-rows.ts'

export type LivePromptOptions = { palette: Palette; columns: number; lines: number; nowMs: number }

/** The prompt above the input line: what is asked, and which keys answer it if they do. */
export function livePromptRows(
  { prompt, answering, conversationId }: Pick<ChatStatus, 'prompt' | 'answering' | 'conversationId'>,
  owner: PromptKeys['owner'],
  { palette, columns, lines, nowMs }: LivePromptOptions,
): string[] {
  if (!prompt) return []
  // What else stands on the screen takes about a dozen rows.
  const listSize = Math.max(3, Math.min(12, lines - 12))
  const options = { palette, columns, nowMs, listSize, by: 'keys', conversationId } as const
  const say = (text: string) => [palette.dim(fitColumns(text, columns - 1))]
  const hint = () => {
    if (answering) return say('Sending the answer…')
    if (owner === 'soon') return say('…')
    return owner === 'line' ? say('Send or clear the line (Ctrl-U) to answer.') : hintRows(prompt, options)
  }
  return ['', ...promptRows(prompt, options), ...hint()]
}
