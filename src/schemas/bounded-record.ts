import { z } from '@hono/zod-openapi'

/** A record of at most so many entries, which looks at none of them when there are more. */
export function boundedRecord<Value extends z.ZodType>(
  key: z.core.$ZodRecordKey,
  value: Value,
  { max, message }: { max: number; message: string },
) {
  return z.preprocess(
    (given, context) => {
      if (typeof given !== 'object' || given === null || Object.keys(given).length <= max) return given
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    },
    z.record(key, value),
  )
}
