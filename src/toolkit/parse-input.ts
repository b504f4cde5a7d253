import type { z } from 'zod'

import type { ToolError } from '../contracts/tool-call.ts'
import { parseJsonText } from './parse-json-text.ts'
import { toModelTool } from './model-tool.ts'
import type { Tool } from './tool.ts'

export type ParsedInput = { ok: true; input: unknown } | { ok: false; error: ToolError }

/**
 * Reads the arguments of a tool call as the model wrote them. Never throws: what is wrong is told to the model,
 * field by field with what to write, so that it can call again.
 */
export function parseInput(tool: Tool, text: string): ParsedInput {
  const json = parseJsonText(text)
  if (!json.ok) return invalid(`The arguments of ${tool.name} ${json.fault}`)
  try {
    const parsed = tool.input.safeParse(json.value)
    if (parsed.success) return { ok: true, input: parsed.data }
    return invalid(`The arguments of ${tool.name} are wrong.\n${listFaults(tool, parsed.error)}`)
  } catch {
    // A check that an operator wrote may throw on a value that nobody thought of.
    return invalid(`The arguments of ${tool.name} could not be checked. Write them as its parameters say.`)
  }
}

const faultLimit = 10
const lineLimit = 300

function listFaults(tool: Tool, error: z.ZodError): string {
  const lines = error.issues.slice(0, faultLimit).map((issue) => {
    const path = issue.path.map(String).join('.')
    const hint = describeField(tool, issue.path[0])
    return cut(`- ${path || 'arguments'}: ${issue.message}${hint ? ` Expected: ${hint}` : ''}`)
  })
  const more = error.issues.length - lines.length
  return more > 0 ? `${lines.join('\n')}\n- and ${more} more` : lines.join('\n')
}

// The field's own description says what to write; messages of the validator only say what is wrong.
function describeField(tool: Tool, field: PropertyKey | undefined): string | undefined {
  const properties = new Map(Object.entries(toModelTool(tool).parameters['properties'] ?? {}))
  const found: unknown = properties.get(String(field))
  if (typeof found !== 'object' || found === null || !('description' in found)) return undefined
  return String(found.description)
}

function cut(line: string): string {
  return line.length > lineLimit ? `${line.slice(0, lineLimit)}…` : line
}

function invalid(message: string): ParsedInput {
  return { ok: false, error: { code: 'tool_input_invalid', message, retryable: true } }
}
