import type { Tool } from './tool.ts'

/** Whether calls of a tool go on as workflows of their own. */
export function isBackgroundTool(tool: Tool): boolean {
  return tool.kind !== 'asking' && tool.background === true
}
