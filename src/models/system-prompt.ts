import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { AppError } from '../contracts/errors.ts'

export type SystemPrompt = {
  text: string
  /** From the file's front matter; `custom` when it has none. */
  version: string
  /** First 16 hex digits of the text's SHA-256; stands in `turn.started`. */
  hash: string
}

/**
 * Loads the product's system prompt, or the file that an operator has put in its place.
 * @throws AppError `configuration` when the file cannot be read or holds no text.
 */
export async function loadSystemPrompt(path?: string): Promise<SystemPrompt> {
  const file = path ?? new URL('./system-prompt.md', import.meta.url)
  const source = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new AppError(
      'configuration',
      `The system prompt ${path ?? ''} cannot be read. Check PERDURA_SYSTEM_PROMPT.`,
      { cause },
    )
  })
  const [, version = 'custom', body = source] =
    /^---\r?\nversion: *(\S+)\r?\n---\r?\n([\s\S]*)$/.exec(source) ?? []
  const text = body.trim()
  if (text === '')
    throw new AppError(
      'configuration',
      'The system prompt is empty. Write one, or unset PERDURA_SYSTEM_PROMPT.',
    )
  return { text, version, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}
