import { z } from '@hono/zod-openapi'

import { resultPartLimit } from '../contracts/limits.ts'
import { queryInteger } from './query-integer.ts'

/** Which part of a result; both in characters (UTF-16 units). */
export const resultRangeSchema = z.object({
  offset: queryInteger(0, 999_999_999)
    .optional()
    .openapi({ description: 'Where the part begins; absent: 0.' }),
  limit: queryInteger(1, resultPartLimit)
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
