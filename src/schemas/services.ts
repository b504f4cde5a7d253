import { z } from '@hono/zod-openapi'

const count = z.int().nonnegative()

export const serviceStatusSchema = z
  .object({
    name: z.string().openapi({ description: '`model:NAME` or `chain:ID`.' }),
    limit: z
      .object({ requests: count, periodMs: count })
      .nullable()
      .openapi({ description: 'Requests over all workers.' }),
    slots: count.nullable().openapi({ description: 'Requests that all workers may have under way.' }),
    active: count.openapi({ description: 'Requests under way.' }),
    calls: count.openapi({ description: 'Requests that were sent since the workers started.' }),
    retries: count.openapi({ description: 'Those that repeated one that had failed.' }),
    waits: count.openapi({ description: 'Requests that had to wait before they were sent.' }),
    waitMs: count.openapi({ description: 'For how long, in all.' }),
    errors: z.record(z.string(), count).openapi({ description: 'Failures, by code.' }),
    waiting: count.openapi({ description: 'Requests that wait now.' }),
    queue: z
      .array(z.object({ owner: z.string(), length: count }))
      .openapi({ description: 'Who waits with how many; the longest queues first.' }),
    workers: count,
    circuit: z.enum(['closed', 'limited', 'down']).openapi({
      description: 'Unless it is closed, nobody asks the service before `notBefore`, and then one at a time.',
    }),
    notBefore: z.iso.datetime().optional(),
  })
  .openapi('ServiceStatus')
