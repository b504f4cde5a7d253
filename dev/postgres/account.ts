import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A system account by its numbers. */
export type Account = { uid: number; gid: number }

/**
 * Chooses the account that the database server runs as. PostgreSQL refuses to run as root, so root lends it
 * another one: the owner of an existing data folder, else `postgres`, which is made when it is absent.
 * Undefined means: as we are.
 */
export async function chooseAccount(dataDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const existing = await stat(dataDir).catch(() => undefined)
  if (existing && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid }
  return (await findAccount('postgres')) ?? (await createAccount()) ?? (await getNobody())
}

async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

async function createAccount(): Promise<Account | undefined> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      'postgres',
    ])
    return await findAccount('postgres')
  } catch {
    // A slim system has no useradd; `nobody` is left.
    return undefined
  }
}

async function getNobody(): Promise<Account> {
  const nobody = await findAccount('nobody')
  if (nobody) return nobody
  throw new Error(
    'PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to lend it. ' +
      'Create one, start as a normal user, or set DATABASE_URL to a database of your own.',
  )
}
