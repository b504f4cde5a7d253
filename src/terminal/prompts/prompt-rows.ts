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
export function hintRows(prompt: Prompt, { by, columns, palette }: PromptRowsOptions): string[] {
  const hint = prompt.kind === 'permission' ? permissionHint(prompt, by) : questionHint(prompt, by)
  return wrapLine(hint, columns - 1).map(palette.cyan)
}
