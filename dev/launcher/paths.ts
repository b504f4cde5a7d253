import { join } from 'node:path'

/** Where a clone keeps what it makes while it runs. */
export type Paths = {
  projectDir: string
  /** `.perdura`: everything local; `--reset` wipes it. */
  home: string
  runFile: string
  lockFile: string
  anvilState: string
  temporalDatabase: string
  postgresPassword: string
  workflowBundle: string
  compileCache: string
  logOf: (part: string) => string
}

export function pathsOf(projectDir: string): Paths {
  const home = join(projectDir, '.perdura')
  return {
    projectDir,
    home,
    runFile: join(home, 'run.json'),
    lockFile: join(home, 'launcher.lock'),
    anvilState: join(home, 'anvil-state.json'),
    temporalDatabase: join(home, 'temporal.db'),
    postgresPassword: join(home, 'postgres-password'),
    workflowBundle: join(home, 'workflow-bundle.js'),
    compileCache: join(home, 'compile-cache'),
    logOf: (part) => join(home, 'logs', `${part}.log`),
  }
}
