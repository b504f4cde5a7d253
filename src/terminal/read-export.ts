import { readFile } from 'node:fs/promises'
import { CommandError, exitCodes } from './exit-code.ts'

/**
 * Reads an exported conversation; whether it is a good one is for the server to say.
 * @throws CommandError when the file cannot be read or is no JSON
 */
export async function readExport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'It is no JSON: export with --format json.' : String(error)
    throw new CommandError(exitCodes.usage, `${file} cannot be imported. ${reason}`, error)
  }
}
