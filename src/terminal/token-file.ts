import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Login } from '../client/api-answers.ts'
import type { Server, Surroundings } from './find-server.ts'

/** A token and the server that gave it. */
export type StoredToken = { server: string; url: string; token: string; expiresAt: string }

/** Where tokens are kept: the user's configuration folder. */
export function tokenPath({ env }: Surroundings): string {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config')
  return join(folder, 'perdura', 'token.json')
}

/** Finds the token for a server; one that was found by its URL alone takes the latest token for that URL. */
export async function findToken(path: string, server: Server): Promise<string | undefined> {
  const tokens = (await readTokens(path)).filter(({ expiresAt }) => !(Date.parse(expiresAt) <= Date.now()))
  const same = tokens.findLast((each) => each.server === server.identity)
  const found = same ?? (server.run ? undefined : tokens.findLast(({ url }) => url === server.url))
  return found?.token
}

/** Keeps a token in place of the server's earlier one. Readable by the user only. */
export async function saveToken(path: string, { identity, url }: Server, login: Login): Promise<void> {
  const others = (await readTokens(path)).filter((each) => each.server !== identity)
  const { token, expiresAt } = login
  const tokens: StoredToken[] = [...others, { server: identity, url, token, expiresAt }]
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`, { mode: 0o600 })
  await rename(fresh, path)
}

/** A file that cannot be read holds no tokens: a new guest costs less than a command that refuses to work. */
async function readTokens(path: string): Promise<StoredToken[]> {
  try {
    const { tokens } = JSON.parse(await readFile(path, 'utf8')) as { tokens?: unknown }
    return Array.isArray(tokens) ? tokens.filter(isStoredToken) : []
  } catch {
    return []
  }
}

function isStoredToken(value: unknown): value is StoredToken {
  if (typeof value !== 'object' || value === null) return false
  const fields = ['server', 'url', 'token', 'expiresAt'] as const
  return fields.every((field) => field in value && typeof (value as StoredToken)[field] === 'string')
}
