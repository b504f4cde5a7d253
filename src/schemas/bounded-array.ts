import { z } from '@hono/zod-openapi'

/** A body may be wrong in a million places, and each takes a kilobyte to say; these are enough to mend it. */
const faultLimit = 50

/** An array of at most so many items, which looks at none of them when it is longer, and stops at the fiftieth fault. */
export function boundedArray<Item extends z.ZodType>(item: Item, max: number) {
  return z.preprocess((value, context) => {
    if (!Array.isArray(value)) return value
    if (value.length > max) {
      context.addIssue({ code: 'custom', message: `At most ${max} of them, not ${value.length}.` })
      return z.NEVER
    }
    let faults = 0
    for (const [index, given] of value.entries()) {
      const { error } = item.safeParse(given)
      for (const issue of error?.issues.slice(0, faultLimit - faults) ?? []) {
        context.addIssue({ ...issue, path: [index, ...issue.path], input: given })
        faults += 1
      }
      if (faults >= faultLimit) break
    }
    return faults === 0 ? value : z.NEVER
  }, z.array(item).max(max))
}
