/** What a compiler child is told and what it answers. */
import { z } from 'zod'

/** `input` is solc's standard JSON. */
export const compileOrder = z.object({
  input: z.string(),
  memoryLimitMb: z.number(),
  timeLimitMs: z.number(),
})
export type CompileOrder = z.output<typeof compileOrder>

export const compileAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stage'), stage: z.string(), fraction: z.number() }),
  z.object({ kind: z.literal('output'), version: z.string(), output: z.string() }),
  z.object({ kind: z.literal('failed'), reason: z.enum(['memory', 'internal']) }),
])
export type CompileAnswer = z.output<typeof compileAnswer>
