import { z } from '@hono/zod-openapi'

/** A text that PostgreSQL compares as it is: at most that many characters, and no NUL, which it cannot hold. */
export function storable(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .regex(/^[^\0]*$/, 'NUL is not allowed.')
}
