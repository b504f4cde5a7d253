import { z } from 'zod'

import { AppError } from '../contracts/errors.ts'
import { longestToolTimeoutMs } from '../contracts/limits.ts'
import { toolEffects } from '../contracts/tool-call.ts'
import { toModelTool } from './model-tool.ts'
import type { Tool } from './tool.ts'

/**
 * Checks what a tool file exports, so that a fault is found at the start and not in somebody's conversation.
 * @throws AppError `tool_file_invalid`
 */
export function parseTool(exported: unknown, path: string): Tool {
  if (exported === undefined) {
    throw new AppError(
      'tool_file_invalid',
      `${path} has no default export. Write: export default defineTool({ … })`,
    )
  }
  const shape = toolShape.safeParse(exported)
  if (!shape.success) {
    throw new AppError('tool_file_invalid', `${path} is not a tool:\n${z.prettifyError(shape.error)}`)
  }
  if (!isTool(exported))
    throw new AppError('tool_file_invalid', `${path} is not a tool. Make it with defineTool.`)
  assertDescribable(exported, path)
  return exported
}

const timeoutMs = z.int().positive().max(longestToolTimeoutMs).optional()

const schema = z.custom(
  (value) => typeof value === 'object' && value !== null && '_zod' in value,
  'write a zod 4 schema',
)
const callable = z.custom((value) => typeof value === 'function', 'write a function')

const base = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, 'write snake_case, as time_now')
    .max(64),
  title: callable,
  description: z.string().min(1).max(4_000),
  effect: z.enum(toolEffects),
  targets: callable.optional(),
  uses: z.array(
    z.union(
      [
        z.enum(['chain', 'compiler', 'memory']),
        z.templateLiteral(['http:', z.string().regex(/^[a-z][a-z0-9-]*$/)]),
      ],
      "write 'chain', 'compiler', 'memory' or 'http:NAME' of a configured service",
    ),
  ),
  timeoutMs,
  tries: z.int().positive().optional(),
  input: schema,
  output: schema,
}

const background = z.boolean().optional()

const stepShape = z.object({ timeoutMs, tries: base.tries, run: callable })

const toolShape = z.discriminatedUnion('kind', [
  z
    .object({ ...base, background, kind: z.literal('single'), quick: z.boolean().optional(), run: callable })
    .refine(({ quick, effect }) => quick !== true || effect === 'read', {
      path: ['quick'],
      error: "only a tool of effect 'read' may be quick: it may run twice",
    })
    .refine(({ quick, background: isBackground }) => quick !== true || isBackground !== true, {
      path: ['quick'],
      error: 'a tool that goes on in the background is not quick',
    }),
  z.object({
    ...base,
    background,
    kind: z.literal('stepped'),
    steps: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, 'write snake_case'), stepShape)
      .refine((steps) => Object.keys(steps).length > 0, 'write at least one step'),
    result: callable,
  }),
  z.object({
    ...base,
    kind: z.literal('asking'),
    form: callable,
    run: z.undefined('an asking tool has no run: the answers to its form are its output').optional(),
    background: z.undefined('an asking tool waits for a person as long as it takes').optional(),
    steps: z.undefined('an asking tool has no steps: the answers to its form are its output').optional(),
  }),
])

// The schema has looked at every field; TypeScript cannot see that through functions.
function isTool(value: unknown): value is Tool {
  return toolShape.safeParse(value).success
}

function assertDescribable(tool: Tool, path: string): void {
  const parameters = describe(tool, path)
  if (parameters['type'] === 'object') return
  throw new AppError('tool_file_invalid', `${path}: input must be an object, as z.strictObject({ … }).`)
}

function describe(tool: Tool, path: string): Record<string, unknown> {
  try {
    return toModelTool(tool).parameters
  } catch (cause) {
    throw new AppError(
      'tool_file_invalid',
      `${path}: input cannot be written as JSON Schema for the model. Use plain zod types without transforms.`,
      { cause },
    )
  }
}
