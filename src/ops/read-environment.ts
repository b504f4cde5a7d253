import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Variables by name. An empty one counts as absent, so `NAME=` in the environment undoes a line of `.env`. */
export type Environment = Readonly<Record<string, string>>

/**
 * The process environment over the `.env` of a folder, the working folder by default. Parts whose variables have open names
 * (providers) are given this; everything else gets values from `loadConfig`.
 */
export function readEnvironment(folder = process.cwd(), real: NodeJS.ProcessEnv = process.env): Environment {
  const path = join(folder, '.env')
  const file = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
  return withoutEmpty({ ...file, ...real })
}

function withoutEmpty(variables: NodeJS.Dict<string>): Environment {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && value.trim() !== '') kept[name] = value.trim()
  }
  return kept
}
