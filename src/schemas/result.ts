import { z } from '@hono/zod-openapi'

import { resultPartLimit } from '../contracts/limits.ts'

const number = z.string().regex(/^\d{1,9}$/, 'Write a whole number from 0 on.')

/** Which part of a result; both in characters (UTF-16 units). */
export const resultRangeSchema = z.object({
  offset: number.optional().openapi({ description: 'Where the part begins; absent: 0.' }),
  limit: number
    .refine((text) => Number(text) >= 1 && Number(text) <= resultPartLimit, `Write 1 to ${resultPartLimit}.`)
    .optional()
    .openapi({ description: `At most ${resultPartLimit}; absent: 65536.` }),
})

export const resultPartSchema = z
  .object({
    text: z.string(),
    offset: z.int(),
    nextOffset: z.int().nullable(),
    totalChars: z.int(),
  })
  .openapi('ResultPart')
