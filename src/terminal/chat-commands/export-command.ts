import { toPlainLine } from '../text-filter.ts'
import { exportFormatOf, writeExport } from '../write-export.ts'
import type { ChatCommand } from './chat-command.ts'
import { withOpen } from './with-open.ts'

/** The whole conversation as a file on this machine. */
export const exportCommand: ChatCommand = {
  usage: '[FILE] [json|markdown]',
  help: 'writes the conversation into a new file; JSON can be imported again',
  run: (context, rest) =>
    withOpen(context, async (id) => {
      const words = rest.split(/\s+/).filter((word) => word !== '')
      const last = words.at(-1)
      const named = last === 'json' || last === 'markdown' ? last : undefined
      const file = (named === undefined ? words : words.slice(0, -1)).join(' ')
      const format = named ?? exportFormatOf(file)
      const path = await writeExport(context.client, id, { format, ...(file !== '' && { file }) })
      context.say(`Written: ${toPlainLine(path)}`)
    }),
}
