import type { PermissionItem } from '../../contracts/human-request.ts'
import { fitColumns } from '../display-width.ts'
import { toPlainLine } from '../text-filter.ts'
import { frame, framedRows } from './framed-rows.ts'
import type { PermissionPrompt } from './permission-prompt.ts'
import type { PromptRowsOptions } from './prompt-rows-options.ts'
import { windowAround } from './shown-window.ts'

/** How much of a call's arguments is looked at; a row holds far less. */
const inputLimit = 2_000
/** Addresses that are shown of one call. */
const targetLimit = 12

/** What will run: one call in full, or a list of several. */
export function permissionRows(prompt: PermissionPrompt, options: PromptRowsOptions): string[] {
  const { calls, each } = prompt
  const call = calls.length === 1 ? calls[0] : each && calls[each.length]
  if (!call) return batchRows(prompt, options)
  const counter =
    calls.length === 1 ? [] : framedRows(`call ${(each?.length ?? 0) + 1} of ${calls.length}`, options)
  return [...counter, ...callRows(call, options)]
}

/** The keys or words that decide. */
export function permissionHint(
  { calls, each }: PermissionPrompt,
  { by, listSize }: PromptRowsOptions,
): string {
  const [later, back] = by === 'keys' ? ['Esc later', 'Esc back'] : ['/later', '/back']
  if (each) return `y allow · n refuse · ${back}`
  const [what, tools] = calls.length === 1 ? ['allow', 'this tool'] : ['allow all', 'these tools']
  const batch = calls.length === 1 ? '' : ' · e decide each'
  const scroll = by === 'keys' && calls.length > listSize ? ' · ↑↓ scroll' : ''
  return `y ${what} · n refuse · a allow ${tools} here for a day${batch}${scroll} · ${later}`
}

function callRows({ tool, title, effect, input, targets, rule }: PermissionItem, options: PromptRowsOptions) {
  const { columns, palette } = options
  const { chainId, contracts, domains } = targets
  const named = (name: string, values: readonly string[]) =>
    values.flatMap((value, index) =>
      index < targetLimit ? framedRows(value, { columns, indent: `${name} ` }) : [],
    )
  const hidden = Math.max(0, contracts.length - targetLimit) + Math.max(0, domains.length - targetLimit)
  return [
    ...framedRows(`“${title}”`, { columns, maxRows: 3 }).map(palette.bold),
    ...framedRows(`${tool} (${effect}), asked by ${rule}`, { columns, maxRows: 2 }),
    ...(chainId === undefined ? [] : framedRows(`chain ${chainId}`, { columns })),
    ...named('contract', contracts),
    ...named('domain', domains),
    ...(hidden > 0 ? framedRows(`and ${hidden} targets more`, { columns }) : []),
    palette.dim(`${frame}${fitColumns(inputLine(input), columns - 1 - frame.length)}`),
  ]
}

function batchRows(
  { calls, first }: PermissionPrompt,
  { columns, palette, listSize }: PromptRowsOptions,
): string[] {
  const shown = windowAround(first + Math.floor(listSize / 2), calls.length, listSize)
  const row = ({ title, tool, effect, targets }: PermissionItem, index: number) => {
    const at = [
      targets.chainId === undefined ? '' : `chain ${targets.chainId}`,
      ...targets.contracts,
      ...targets.domains,
    ]
    const words = [`${index + 1} “${title}” ${tool} (${effect})`, ...at.filter((each) => each !== '')].join(
      ' · ',
    )
    return `${frame}${fitColumns(toPlainLine(words), columns - 1 - frame.length)}`
  }
  return [
    `${frame}${calls.length} tool calls`,
    ...shown.above.map((text) => palette.dim(`${frame}${text}`)),
    ...calls.slice(shown.from, shown.to).map((call, index) => row(call, shown.from + index)),
    ...shown.below.map((text) => palette.dim(`${frame}${text}`)),
  ]
}

function inputLine(input: unknown): string {
  const text = typeof input === 'string' ? input : (JSON.stringify(input) ?? '')
  return toPlainLine(text.slice(0, inputLimit))
}
