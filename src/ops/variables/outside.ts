import { z } from 'zod'

import type { RequestLimit } from '../../contracts/services.ts'
import { integer } from './field.ts'
import { variable } from './variable.ts'

/** What an operator allows for one service: requests over all workers, and how many at once in each. */
export type ServiceLimit = { name: string; limit?: RequestLimit; slots?: number }

const limitForm =
  /^((?:model|chain):[a-z0-9-]+)\s*=\s*(?:([1-9]\d{0,8})\/(s|min|h)(?:\s+|$))?([1-9]\d{0,4})?$/
const limitError =
  'limits as service=requests/s, /min or /h, then a space and the requests that one worker may have under way, or one ' +
  'of the two, separated by semicolons; the services are model:PROVIDER and chain:ID; each once, and no zeros'
const periodsMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }

/** Limits of services, separated by semicolons. */
function serviceLimits() {
  return z.string().transform((value, context): ServiceLimit[] => {
    const entries = value
      .split(';')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    const found = entries.flatMap((entry) => readLimit(entry) ?? [])
    const named = new Set(found.map(({ name }) => name))
    if (found.length < entries.length || named.size < found.length)
      context.addIssue({ code: 'custom', message: limitError })
    return found
  })
}

function readLimit(entry: string): ServiceLimit | undefined {
  const [, name, requests, unit = '', slots] = limitForm.exec(entry) ?? []
  const periodMs = periodsMs[unit]
  if (name === undefined || (periodMs === undefined && slots === undefined)) return undefined
  return {
    name,
    ...(periodMs === undefined ? {} : { limit: { requests: Number(requests), periodMs } }),
    ...(slots === undefined ? {} : { slots: Number(slots) }),
  }
}

export const outsideGroup = {
  title: 'Services',
  about: 'What the workers may send to model providers and chains; see [operations](operations.md#services).',
  variables: {
    PERDURA_SERVICE_LIMITS: variable(serviceLimits().optional(), {
      about:
        'Requests that all workers together may send to a service in a time, and how many one worker may have under way. Unset: no limit but 24 requests under way to each chain.',
      example: 'model:openai=60/min 20;chain:1=25/s 10',
    }),
    PERDURA_SERVICE_FAILURES: variable(integer(1, 1_000).prefault('5'), {
      about:
        'Failures in a row after which a worker takes a service for down: nobody asks it for a while, then one request at a time until it answers.',
    }),
  },
}
