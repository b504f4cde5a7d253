import type { z } from 'zod'

import type { AskingTool, SingleTool, SteppedTool, Tool } from './tool.ts'

/** A tool with one `run`, as its author writes it. */
export type SingleToolSpec<Schema extends z.ZodType> = Omit<
  SingleTool<z.output<Schema>>,
  'kind' | 'input'
> & {
  input: Schema
}

/** A tool of named steps, as its author writes it. The steps run in the order in which they are written. */
export type SteppedToolSpec<Schema extends z.ZodType> = Omit<
  SteppedTool<z.output<Schema>>,
  'kind' | 'input'
> & {
  input: Schema
}

/** A tool that asks a person, as its author writes it. */
export type AskingToolSpec<Schema extends z.ZodType> = Omit<
  AskingTool<z.output<Schema>>,
  'kind' | 'input'
> & {
  input: Schema
}

/**
 * Defines a tool; the default export of a file in a tools folder. `run` gets what `input` has validated.
 *
 * ```ts
 * export default defineTool({
 *   name: 'time_now',
 *   title: () => 'Current time',
 *   description: 'The current date and time in UTC.',
 *   effect: 'read',
 *   uses: [],
 *   input: z.strictObject({}),
 *   output: z.object({ utc: z.string() }),
 *   run: async (_input, { services }) => ({ utc: services.now().toISOString() }),
 * })
 * ```
 */
export function defineTool<Schema extends z.ZodType>(
  spec: SingleToolSpec<Schema>,
): SingleTool<z.output<Schema>>
export function defineTool<Schema extends z.ZodType>(
  spec: SteppedToolSpec<Schema>,
): SteppedTool<z.output<Schema>>
export function defineTool<Schema extends z.ZodType>(
  spec: AskingToolSpec<Schema>,
): AskingTool<z.output<Schema>>
export function defineTool(
  spec: SingleToolSpec<z.ZodType> | SteppedToolSpec<z.ZodType> | AskingToolSpec<z.ZodType>,
): Tool {
  if ('form' in spec) return { kind: 'asking', ...spec }
  return 'steps' in spec ? { kind: 'stepped', ...spec } : { kind: 'single', ...spec }
}
