import { displayWidth } from '../display-width.ts'
import { wrapLine } from '../wrap-line.ts'
import { describeExpiry } from './describe-request.ts'
import { framedRows } from './framed-rows.ts'
import { permissionHint, permissionRows } from './permission-rows.ts'
import type { Prompt } from './prompt.ts'
import type { PromptRowsOptions } from './prompt-rows-options.ts'
import { questionHint, questionRows } from './question-rows.ts'

/** What is asked, as far as it is answered. Texts of others stand behind a frame that only they have. */
export function promptRows(prompt: Prompt, options: PromptRowsOptions): string[] {
  const { palette, columns, conversationId, nowMs } = options
  const { request, remark } = prompt
  const head = prompt.kind === 'permission' ? 'Permission' : 'Question'
  const open = `${head}, open ${describeExpiry(request, nowMs)}`
  return [
    ...wrapLine(open, columns - 1).map(palette.yellow),
    ...(request.conversationId === conversationId
      ? []
      : framedRows(`in conversation ${request.conversationId}`, { columns })),
    ...(prompt.kind === 'permission' ? permissionRows(prompt, options) : questionRows(prompt, options)),
    ...(remark === undefined ? [] : framedRows(`! ${remark}`, { columns }).map(palette.red)),
  ]
}

/** What can be done, in words of the program only. */
export function hintRows(prompt: Prompt, options: PromptRowsOptions): string[] {
  const { by, columns, palette } = options
  const hint = prompt.kind === 'permission' ? permissionHint(prompt, options) : questionHint(prompt, by)
  return joinParts(hint.split(' · '), columns - 1).map(palette.cyan)
}

/** As many parts in a row as fit; one that is longer than a row is broken between words. */
function joinParts(parts: readonly string[], columns: number): string[] {
  const rows: string[] = []
  for (const part of parts) {
    const joined = rows.length === 0 ? part : `${rows.at(-1)} · ${part}`
    if (rows.length > 0 && displayWidth(joined) <= columns) rows[rows.length - 1] = joined
    else rows.push(...wrapLine(part, columns))
  }
  return rows
}
