import { z } from 'zod'

import { isBackgroundTool } from './is-background-tool.ts'
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
  const description = isBackgroundTool(tool) ? `${tool.description}\n\n${backgroundHint}` : tool.description
  return { name: tool.name, description, parameters }
}

const backgroundHint =
  'Runs in the background: the result is `running` at once. Go on without it and do not call again; a note tells you ' +
  'how it ended.'
