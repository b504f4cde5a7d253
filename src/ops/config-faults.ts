import type { z } from 'zod'

import { AppError } from '../contracts/errors.ts'
import { configSchema } from './config-schema.ts'
import type { Environment } from './read-environment.ts'
import { findDefault, getVariableDocs } from './variables/variable.ts'

/** One thing wrong with the configuration. `found` never holds a secret. */
export type ConfigFault = { variable: string; found: string; write: string }

/** Turns what zod says into faults, one for each variable. */
export function toFaults(issues: readonly z.core.$ZodIssue[], env: Environment): ConfigFault[] {
  const faults = new Map<string, ConfigFault>()
  for (const issue of issues) {
    const variable = String(issue.path[0])
    if (!faults.has(variable)) faults.set(variable, toFault(variable, issue.message, env))
  }
  return [...faults.values()]
}

/** What a single variable cannot tell: settings that only work together. */
export function findCrossFaults(env: Environment): ConfigFault[] {
  const pair = ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH']
  const missing = pair.filter((name) => env[name] === undefined)
  if (missing.length !== 1) return []
  return missing.map((variable) => ({
    variable,
    found: 'is not set',
    write: 'both paths, certificate and key, or neither',
  }))
}

/** A variable that this process cannot do without. */
export function toMissingFault(variable: 'DATABASE_URL' | 'TEMPORAL_ADDRESS'): ConfigFault {
  const { example } = getVariableDocs(configSchema.shape[variable])
  return {
    variable,
    found: 'is not set',
    write: `the address of a server, for example ${variable}=${example}, or use npm start, which brings one`,
  }
}

/** The one error that names all faults. */
export function toConfigError(faults: readonly ConfigFault[]): AppError {
  const lines = faults.map(({ variable, found, write }) => `  ${variable} ${found}. Write ${write}.`)
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  const where = 'Variables come from the environment and from .env; docs/configuration.md explains each.'
  return new AppError('configuration', [`The configuration has ${count}:`, ...lines, where].join('\n'), {
    details: { faults },
  })
}

function toFault(variable: string, write: string, env: Environment): ConfigFault {
  const schema = Object.entries(configSchema.shape).find(([name]) => name === variable)?.[1]
  if (schema === undefined) return { variable, found: 'is not understood', write }
  const { secret, example } = getVariableDocs(schema)
  const sample = findDefault(schema) ?? example
  return {
    variable,
    found: secret === true ? 'has a value that does not fit (not shown)' : `is ${quote(env[variable])}`,
    write: sample === undefined ? write : `${write}, for example ${variable}=${sample}`,
  }
}

function quote(value = ''): string {
  return value.length > 60 ? `"${value.slice(0, 60)}…"` : `"${value}"`
}
