import { loadToolFiles, ownToolsFolder, type ToolFile } from './load-tools.ts'
import { type AbsentTool, createToolRegistry, type ToolRegistry } from './tool-registry.ts'
import type { ServiceName } from './tool.ts'

/** The tools that a deployment offers, and those it cannot, with the reason. */
export type OfferedTools = {
  offered: ToolRegistry
  absent: readonly AbsentTool[]
  isolated: IsolatedTools
}

/** The tools that run in processes of their own, by their names, with the files that hold them. */
export type IsolatedTools = ReadonlyMap<string, string>

/**
 * Loads the product's own tools and an operator's folder, and leaves out what lacks its services. What computes, and
 * whatever the operator brings, is isolated.
 */
export async function loadOfferedTools(
  operatorFolder: string | undefined,
  available: readonly ServiceName[],
): Promise<OfferedTools> {
  const [own, operators] = await Promise.all([
    loadToolFiles(ownToolsFolder),
    operatorFolder === undefined ? [] : loadToolFiles(operatorFolder),
  ])
  const all = createToolRegistry([...own, ...operators].map(({ tool }) => tool))
  const { tools, absent } = all.offered(available)
  const isolated = [...own.filter(({ tool }) => tool.effect === 'compute'), ...operators].filter(hasCode)
  return {
    offered: createToolRegistry(tools),
    absent,
    isolated: new Map(isolated.map(({ tool, file }) => [tool.name, file])),
  }
}

/** Of a tool that only asks a person, nothing runs. */
function hasCode({ tool }: ToolFile): boolean {
  return tool.kind !== 'asking'
}
