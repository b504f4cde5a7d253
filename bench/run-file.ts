import { readFile } from 'node:fs/promises'

/** What `.perdura/run.json` says; see docs/local-files.md. */
export type RunFileContent = {
  databaseUrl: string
  rpcUrl: string
  parts: { name: string; pid: number; url?: string }[]
}

export async function readRunFile(path: string): Promise<RunFileContent> {
  return JSON.parse(await readFile(path, 'utf8'))
}
