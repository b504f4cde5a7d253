import { z } from 'zod'

import type { Tool } from './tool.ts'

/** A tool as a language model is told of it. */
export type ModelTool = {
  name: string
  description: string
  /** JSON Schema of the input. */
  parameters: Record<string, unknown>
}

/** Describes a tool to a model. Throws when its input schema cannot be written as JSON Schema. */
export function toModelTool(tool: Tool): ModelTool {
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(tool.input, { io: 'input' })
  return { name: tool.name, description: tool.description, parameters }
}
