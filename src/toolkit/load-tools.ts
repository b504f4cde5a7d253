import { readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { AppError } from '../contracts/errors.ts'
import { parseTool } from './parse-tool.ts'
import { resolveToolkitImports } from './resolve-toolkit-imports.ts'
import type { Tool } from './tool.ts'
import { createToolRegistry } from './tool-registry.ts'
import type { ToolRegistry } from './tool-registry.ts'

/** The folder of the product's own tools. */
export const ownToolsFolder = fileURLToPath(new URL('../tools/', import.meta.url))

/**
 * Loads every tool of the folders: a `.ts` or `.js` file in one IS a tool, and its name is the tool's in kebab
 * case (`time-now.ts` holds `time_now`). An operator's files may import `perdura/toolkit` and `zod` wherever
 * their folder is.
 * @throws AppError `tool_file_invalid`, naming the file and what to write instead
 */
export async function loadTools(folders: readonly string[]): Promise<ToolRegistry> {
  const found = await Promise.all(folders.map(loadToolFiles))
  return createToolRegistry(found.flat().map(({ tool }) => tool))
}

/** A tool, and the file that holds it. */
export type ToolFile = { tool: Tool; file: string }

/** Loads every tool of one folder. @throws AppError `tool_file_invalid` */
export async function loadToolFiles(folder: string): Promise<ToolFile[]> {
  using _imports = resolveToolkitImports()
  const files = await listToolFiles(folder)
  return await Promise.all(files.map(async (file) => ({ tool: await loadTool(file), file })))
}

async function listToolFiles(folder: string): Promise<string[]> {
  const path = resolve(folder)
  try {
    const entries = await readdir(path)
    return entries.filter(isToolFile).map((entry) => join(path, entry))
  } catch (cause) {
    throw new AppError(
      'tool_file_invalid',
      `The tools folder ${path} cannot be read. Correct PERDURA_TOOLS or create the folder.`,
      { cause },
    )
  }
}

function isToolFile(entry: string): boolean {
  return /\.(ts|mts|js|mjs)$/.test(entry) && !/\.d\.m?ts$/.test(entry)
}

/** Loads the tool of one file. @throws AppError `tool_file_invalid` */
export async function loadTool(path: string): Promise<Tool> {
  const tool = parseTool(await importDefault(path), path)
  const expected = basename(path, extname(path)).replaceAll('-', '_')
  if (tool.name === expected) return tool
  const rename = `${tool.name.replaceAll('_', '-')}${extname(path)}`
  throw new AppError(
    'tool_file_invalid',
    `${path} holds the tool ${tool.name}. Name the file ${rename} or the tool ${expected}.`,
  )
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const module: Record<string, unknown> = await import(pathToFileURL(path).href)
    return module['default']
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('tool_file_invalid', `${path} cannot be loaded: ${why}`, { cause })
  }
}
