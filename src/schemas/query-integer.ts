import { z } from '@hono/zod-openapi'

/** A whole number between two bounds, both allowed, in a query or a header: there it is text. */
export function queryInteger(
  min: number,
  max: number,
  message = `Write a whole number from ${min} to ${max}.`,
) {
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}
