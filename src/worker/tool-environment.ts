import type { Environment } from '../ops/read-environment.ts'

/** What programs need and nobody keeps to himself. */
const plainNames = ['PATH', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'NODE_COMPILE_CACHE']

/** All that isolated tools see of the worker's environment, which holds keys: what the operator has named for them. */
export function toToolEnvironment(names: readonly string[], environment: Environment): Environment {
  const wanted = new Set([...plainNames, ...names])
  return Object.fromEntries(Object.entries(environment).filter(([name]) => wanted.has(name)))
}
