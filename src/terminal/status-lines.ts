import { fitColumns } from './display-width.ts'
import type { Palette } from './palette.ts'
import type { Status } from './status.ts'
import { toPlainLine } from './text-filter.ts'

/** The status for people. */
export function statusLines(status: Status, palette: Palette): string[] {
  const { url, health, temporalUiUrl, parts, conversations } = status
  const counts = Object.entries(conversations ?? {}).map(([state, count]) => `${count} ${state}`)
  return [
    `Perdura        ${url}  ${describeHealth(health, palette)}`,
    ...(temporalUiUrl === undefined ? [] : [`Temporal UI    ${temporalUiUrl}`]),
    ...(conversations ? [`Conversations  ${counts.length === 0 ? 'none' : counts.join(', ')}`] : []),
    ...(parts.length === 0 ? [] : ['', palette.dim('part            pid      port   restarts  state')]),
    ...parts.map((part) => partLine(part, palette)),
  ]
}

function describeHealth({ reachable, ready, detail }: Status['health'], palette: Palette): string {
  if (!reachable) return palette.red('does not answer')
  if (ready) return palette.green('ready')
  return palette.yellow(fitColumns(`not ready: ${toPlainLine(detail ?? '')}`, 160))
}

function partLine({ name, pid, port, restarts, alive }: Status['parts'][number], palette: Palette): string {
  const state = alive ? palette.green('running') : palette.red('not running')
  const columns = [toPlainLine(name).padEnd(14), String(pid).padEnd(7), String(port ?? '–').padEnd(5)]
  return `${columns.join('  ')}  ${String(restarts).padEnd(8)}  ${state}`
}
