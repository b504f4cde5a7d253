import { z } from 'zod'

import type { ToolContext, ToolStep } from './tool.ts'

/** A step as its author writes it. */
export type StepSpec<Input, Needs extends z.ZodRawShape> = {
  /** Schemas of the earlier steps' outputs that this step reads, by name: they come back from the store as JSON. */
  needs?: Needs
  /** Default 30 s. */
  timeoutMs?: number
  /** Default 3. */
  tries?: number
  run(input: Input, context: ToolContext, earlier: z.output<z.ZodObject<Needs>>): Promise<unknown>
}

/**
 * Defines one step of a multi-step tool. Each step is an activity of its own: a crash later on does not run it
 * again. Its output must be JSON.
 */
export function step<Input, Needs extends z.ZodRawShape = Record<never, never>>(
  spec: StepSpec<Input, Needs>,
): ToolStep<Input> {
  const earlierSchema = z.object(spec.needs)
  return {
    ...(spec.timeoutMs === undefined ? {} : { timeoutMs: spec.timeoutMs }),
    ...(spec.tries === undefined ? {} : { tries: spec.tries }),
    run: async (input, context, earlier) => spec.run(input, context, earlierSchema.parse(earlier)),
  }
}
