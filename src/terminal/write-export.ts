import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ExportFormat } from '../client/api-answers.ts'
import type { Client } from '../client/create-client.ts'
import { CommandError, exitCodes } from './exit-code.ts'

/** Markdown, unless the file's name says that it is JSON. */
export function exportFormatOf(file: string): ExportFormat {
  return file.endsWith('.json') ? 'json' : 'markdown'
}

/**
 * Writes a conversation into a new file and returns its path; by default it is named after the conversation.
 * @throws CommandError when there is a file of that name, or none can be written
 */
export async function writeExport(
  client: Client,
  conversationId: string,
  { format, file }: { format: ExportFormat; file?: string },
): Promise<string> {
  const path = resolve(file ?? `${conversationId}.${format === 'json' ? 'json' : 'md'}`)
  const text = await client.exportConversation(conversationId, format)
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const reason = isThere ? 'is there already.' : `cannot be written. ${String(error)}.`
    throw new CommandError(exitCodes.usage, `${path} ${reason} Give another name.`, error)
  }
  return path
}
