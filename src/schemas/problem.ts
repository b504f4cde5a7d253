import { z } from '@hono/zod-openapi'

import { requestOutcomeSchema } from './human-request.ts'

/** RFC 9457, with our code, the request's id and the fields that are wrong. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string(), message: z.string(), code: z.string().optional() }))
      .optional(),
    outcome: requestOutcomeSchema
      .optional()
      .openapi({ description: 'Of request_resolved: what the request came to.' }),
    turnId: z.string().optional().openapi({ description: 'Of turn_running: the running turn.' }),
  })
  .openapi('Problem')
