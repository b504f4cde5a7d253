import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Client, createClient } from '../client/create-client.ts'
import { ProblemError } from '../client/problem-error.ts'
import { retryWhileUnavailable } from '../client/retry-while-unavailable.ts'
import { UnreachableError } from '../client/unreachable-error.ts'
import { CommandError, exitCodes } from './exit-code.ts'
import { findServer, notRunningMessage, type Server, type Surroundings } from './find-server.ts'
import { findToken, saveToken, tokenPath } from './token-file.ts'
import { withLockFile } from './with-lock-file.ts'

/** How long a server that answers "not now" is asked again before a command gives up, in milliseconds. */
const patienceMs = 15_000

/**
 * Finds the server and returns a client that acts for this user: by PERDURA_TOKEN, else by the kept token,
 * else as a new guest whose token is kept. `say` gets what the user should know.
 */
export async function connect(surroundings: Surroundings, say: (line: string) => void): Promise<Client> {
  const server = await findServer(surroundings)
  try {
    const given = surroundings.env.PERDURA_TOKEN
    if (given) return await withGivenToken(server, given)
    return await withKeptToken(server, tokenPath(surroundings), say)
  } catch (error) {
    throw error instanceof UnreachableError ? notRunning(server, error) : error
  }
}

async function withGivenToken({ url }: Server, token: string): Promise<Client> {
  const client = createClient({ url, token })
  if (await isAccepted(client)) return client
  throw new CommandError(
    exitCodes.usage,
    `${url} does not accept PERDURA_TOKEN. Unset it to go on as a guest.`,
  )
}

async function withKeptToken(server: Server, path: string, say: (line: string) => void): Promise<Client> {
  const kept = await findToken(path, server)
  const client = kept === undefined ? undefined : createClient({ url: server.url, token: kept })
  if (client && (await isAccepted(client))) return client
  if (client) say('The server does not know the kept token any more. Going on as a new guest.')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Two commands at first use must not become two guests.
  return withLockFile(`${path}.lock`, async () => {
    const meanwhile = await findToken(path, server)
    if (meanwhile !== undefined && meanwhile !== kept)
      return createClient({ url: server.url, token: meanwhile })
    const login = await createClient({ url: server.url }).loginAsGuest()
    await saveToken(path, server, login)
    return createClient({ url: server.url, token: login.token })
  })
}

async function isAccepted(client: Client): Promise<boolean> {
  try {
    await retryWhileUnavailable(() => client.getOwner(), {
      giveUpAfterMs: patienceMs,
      retryUnreachable: false,
    })
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return false
    throw error
  }
}

function notRunning(server: Server, cause: UnreachableError): CommandError {
  const message = server.run ? notRunningMessage : `${cause.message} Check PERDURA_URL.`
  return new CommandError(exitCodes.unavailable, message, cause)
}
