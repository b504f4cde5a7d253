import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'

/** Watches what a process logs. The returned function resolves when it has logged a message, before or later. */
export function watchLog(child: ChildProcess): (message: string) => Promise<void> {
  const messages = new Set<string>()
  const changed = new EventEmitter()
  changed.setMaxListeners(0)
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) messages.add(toMessage(line))
    changed.emit('change')
  })
  return async (message) => {
    while (!messages.has(message)) await once(changed, 'change')
  }
}

function toMessage(line: string): string {
  const fields: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
  return typeof fields === 'object' && fields !== null && 'msg' in fields ? String(fields.msg) : line
}
