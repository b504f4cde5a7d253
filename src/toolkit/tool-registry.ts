import { AppError } from '../contracts/errors.ts'
import type { ServiceName, Tool } from './tool.ts'

/** A tool that a deployment cannot offer, and why. */
export type AbsentTool = { name: string; reason: string }

/** The tools of a deployment, in the order of their names. */
export type ToolRegistry = {
  list(): readonly Tool[]
  find(name: string): Tool | undefined
  /** What a model may be offered when only these services are there. */
  offered(available: Iterable<ServiceName>): { tools: readonly Tool[]; absent: readonly AbsentTool[] }
}

/** Makes a registry. @throws AppError `tool_file_invalid` when two tools have one name */
export function createToolRegistry(tools: Iterable<Tool>): ToolRegistry {
  const byName = new Map<string, Tool>()
  for (const tool of Array.from(tools).sort(compareNames)) {
    if (byName.has(tool.name)) {
      throw new AppError('tool_file_invalid', `Two tools are named ${tool.name}. Rename one, with its file.`)
    }
    byName.set(tool.name, tool)
  }
  const sorted = [...byName.values()]
  return {
    list: () => sorted,
    find: (name) => byName.get(name),
    offered: (available) => divide(sorted, new Set(available)),
  }
}

function divide(tools: readonly Tool[], available: ReadonlySet<ServiceName>) {
  const offered: Tool[] = []
  const absent: AbsentTool[] = []
  for (const tool of tools) {
    const missing = tool.uses.filter((service) => !available.has(service))
    if (missing.length === 0) offered.push(tool)
    else absent.push({ name: tool.name, reason: `This deployment has no ${missing.join(' and no ')}.` })
  }
  return { tools: offered, absent }
}

function compareNames(a: Tool, b: Tool): number {
  return a.name < b.name ? -1 : 1
}
