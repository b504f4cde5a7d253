import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** One running process, as the launcher knows it. */
export type RunPart = {
  name: string
  pid: number
  port?: number
  url?: string
  restarts: number
  /** ISO 8601. */
  startedAt: string
}

/** What `npm start` says of itself in `.perdura/run.json`. */
export type RunFile = {
  version: 1
  url: string
  docsUrl?: string
  temporalUiUrl?: string
  databaseUrl?: string
  launcher: { pid: number }
  parts: RunPart[]
}

/** Finds the run file of the nearest folder upwards that has one, with the folder that holds `.perdura`. */
export async function findRunFile(cwd: string): Promise<{ folder: string; run: RunFile } | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const run = await readRunFile(join(folder, '.perdura', 'run.json'))
    if (run) return { folder, run }
    if (dirname(folder) === folder) return undefined
  }
}

async function readRunFile(path: string): Promise<RunFile | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const run = JSON.parse(text) as RunFile
    return run.version === 1 && typeof run.url === 'string' ? { ...run, parts: run.parts ?? [] } : undefined
  } catch {
    return undefined
  }
}
