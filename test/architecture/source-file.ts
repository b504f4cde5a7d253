import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** A file of the repository; `path` is relative to its root, with forward slashes. */
export type SourceFile = { path: string; text: string }

export const repositoryRoot = join(import.meta.dirname, '..', '..')

const skipped = new Set(['node_modules', 'dist', 'coverage'])
const code = /\.(ts|tsx|mjs)$/

/** Every code file below the folders, except what is installed or built. */
export function listSources(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) => listFolder(join(repositoryRoot, folder)))
}

function listFolder(folder: string): SourceFile[] {
  return readFolder(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return isSkipped(entry.name) ? [] : listFolder(path)
    if (!code.test(entry.name)) return []
    return [{ path: relative(repositoryRoot, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }]
  })
}

function readFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // A folder that no work has reached yet.
    return []
  }
}

function isSkipped(name: string): boolean {
  return skipped.has(name) || name.startsWith('.')
}
