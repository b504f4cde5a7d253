import { loadTools, ownToolsFolder } from './load-tools.ts'
import { type AbsentTool, createToolRegistry, type ToolRegistry } from './tool-registry.ts'
import type { ServiceName } from './tool.ts'

/** The tools that a deployment offers, and those it cannot, with the reason. */
export type OfferedTools = { offered: ToolRegistry; absent: readonly AbsentTool[] }

/** Loads the product's own tools and an operator's folder, and leaves out what lacks its services. */
export async function loadOfferedTools(
  operatorFolder: string | undefined,
  available: readonly ServiceName[],
): Promise<OfferedTools> {
  const loaded = await loadTools([ownToolsFolder, ...(operatorFolder === undefined ? [] : [operatorFolder])])
  const { tools, absent } = loaded.offered(available)
  return { offered: createToolRegistry(tools), absent }
}
