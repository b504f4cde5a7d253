import { parseArgs } from 'node:util'

import { StartError, messageOf } from './start-error.ts'

export type StartOptions = {
  help: boolean
  /** Wipe the local data before the start. */
  reset: boolean
  /** Wipe without a question. */
  yes: boolean
  workers: number
  apis: number
}

export const usage = `Starts Perdura on this machine: npm start -- [options]

  --workers N   start N workers (default 1)
  --apis N      start N api servers, each on a port of its own (default 1)
  --reset       wipe all local data (conversations, local chain) first; asks before it does
  --yes         with --reset: do not ask
  --help        show this

Settings come from the environment and from .env; .env.example lists them.
DATABASE_URL, TEMPORAL_ADDRESS and PERDURA_CHAINS replace the part that would be started here.`

const most = 64

/**
 * Reads the arguments of the start command.
 * @throws StartError that says what to write instead
 */
export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv = {}): StartOptions {
  assertNotSwallowed(env)
  const { values } = parse(args)
  return {
    help: values.help,
    reset: values.reset,
    yes: values.yes,
    workers: parseCount('--workers', values.workers),
    apis: parseCount('--apis', values.apis),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        reset: { type: 'boolean', default: false },
        yes: { type: 'boolean', short: 'y', default: false },
        workers: { type: 'string', default: '1' },
        apis: { type: 'string', default: '1' },
      },
    })
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${usage}`)
  }
}

function parseCount(name: string, text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count
  throw new StartError(
    `${name} is "${text}". Write a whole number from 1 to ${most}, like: npm start -- ${name} 2`,
  )
}

// Without the two dashes npm takes an option for itself, and a start that ignores --reset would surprise.
function assertNotSwallowed(env: NodeJS.ProcessEnv): void {
  for (const name of ['reset', 'workers', 'apis']) {
    if (env[`npm_config_${name}`] === undefined) continue
    throw new StartError(`npm took --${name} for itself. Write two dashes before it: npm start -- --${name}`)
  }
}
