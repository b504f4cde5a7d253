import { CommandError, exitCodes } from './exit-code.ts'
import { findRunFile, type RunFile } from './run-file.ts'

/** Where the server is and how it was found. */
export type Server = {
  url: string
  /** Stays the same over restarts even if ports change; tokens are kept under it. */
  identity: string
  /** Absent when PERDURA_URL names the server. */
  run?: RunFile
}

export type Surroundings = { cwd: string; env: Record<string, string | undefined> }

export const notRunningMessage = 'Perdura is not running here. Start it with: npm start'

/**
 * Finds the server by PERDURA_URL, else by the nearest `.perdura/run.json`.
 * @throws CommandError when there is neither, or the URL is none
 */
export async function findServer({ cwd, env }: Surroundings): Promise<Server> {
  const named = env.PERDURA_URL?.replace(/\/+$/, '')
  if (named) {
    if (!URL.canParse(named)) {
      throw new CommandError(
        exitCodes.usage,
        `PERDURA_URL is not a URL: ${named}. Write it as http://host:port.`,
      )
    }
    return { url: named, identity: named }
  }
  const found = await findRunFile(cwd)
  if (!found) throw new CommandError(exitCodes.unavailable, notRunningMessage)
  return { url: found.run.url, identity: identityOf(found.folder, found.run), run: found.run }
}

/** A folder and its database, without the password and, on this machine, without the port, which may move. */
function identityOf(folder: string, run: RunFile): string {
  if (run.databaseUrl === undefined || !URL.canParse(run.databaseUrl)) return folder
  const { username, hostname, host, pathname } = new URL(run.databaseUrl)
  const isLocal =
    hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' || hostname === ''
  return `${folder} ${username}@${isLocal ? 'localhost' : host}${pathname}`
}
