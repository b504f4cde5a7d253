import { z } from 'zod'

import type { RequestLimit } from '../../contracts/services.ts'
import { integer } from './field.ts'
import { variable } from './variable.ts'

/** What an operator allows for one service: requests over all workers, and how many at once in each. */
export type ServiceLimit = { name: string; limit?: RequestLimit; slots?: number }

/** A service of the operator's own, which tools ask over HTTP under its name. */
export type HttpServiceConfig = { name: string; url: string }

/** A header that each request to such a service carries. */
export type ServiceHeader = { service: string; name: string; value: string }

const limitForm =
  /^((?:model|chain|http):[a-z0-9-]+)\s*=\s*(?:([1-9]\d{0,8})\/(s|min|h)(?:\s+|$))?([1-9]\d{0,4})?$/
const limitError =
  'limits as service=requests/s, /min or /h, then a space and the requests that one worker may have under way, or one ' +
  'of the two, separated by semicolons; the services are model:PROVIDER, chain:ID and http:NAME; each once, and no zeros'
const periodsMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }

const servicesError =
  'names of services and their URLs as name=url, separated by semicolons; names are a-z, 0-9 and -, each once; URLs ' +
  'are http or https, without a user, ? and #'
const headerForm = /^([a-z][a-z0-9-]*)\s*=\s*([A-Za-z0-9-]+)\s*:\s*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/
const headersError = 'headers of services as name=header: value, separated by semicolons'

/** A list that is separated by semicolons; what `keyOf` returns must stand in it once. */
function listOf<Entry>(
  read: (entry: string) => Entry | undefined,
  { keyOf, message }: { keyOf(entry: Entry): string; message: string },
) {
  return z.string().transform((value, context): Entry[] => {
    const entries = value
      .split(';')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    const found = entries.flatMap((entry) => read(entry) ?? [])
    const keys = new Set(found.map(keyOf))
    if (found.length < entries.length || keys.size < found.length)
      context.addIssue({ code: 'custom', message })
    return found
  })
}

function readService(entry: string): HttpServiceConfig | undefined {
  const [, name, address = ''] = /^([a-z][a-z0-9-]*)\s*=\s*(\S+)$/.exec(entry) ?? []
  if (name === undefined || !URL.canParse(address)) return undefined
  const { protocol, username, password, search, hash, origin, pathname } = new URL(address)
  const isPlain = username === '' && password === '' && search === '' && hash === ''
  if (!isPlain || !['http:', 'https:'].includes(protocol)) return undefined
  return { name, url: `${origin}${pathname}`.replace(/\/+$/, '') }
}

function readHeader(entry: string): ServiceHeader | undefined {
  const [, service, name, value] = headerForm.exec(entry) ?? []
  if (service === undefined || name === undefined || value === undefined) return undefined
  return { service, name: name.toLowerCase(), value }
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
  about:
    'What the workers may send to model providers, chains and services of your own; see [operations](operations.md#services).',
  variables: {
    PERDURA_SERVICES: variable(
      listOf(readService, { keyOf: ({ name }) => name, message: servicesError }).optional(),
      {
        about:
          'Services of your own that tools ask over HTTP, by name; see [HTTP services](tools.md#http-services).',
        example: 'prices=https://api.example.com/v3',
        // A path may hold a key, and what is refused may hold a password.
        secret: true,
      },
    ),
    PERDURA_SERVICE_HEADERS: variable(
      listOf(readHeader, {
        keyOf: ({ service, name }) => `${service} ${name}`,
        message: headersError,
      }).optional(),
      {
        about:
          'Headers that every request to such a service carries, as its key: tools do not see them. A value cannot hold a semicolon.',
        example: 'prices=x-api-key: KEY',
        secret: true,
      },
    ),
    PERDURA_SERVICE_LIMITS: variable(
      listOf(readLimit, { keyOf: ({ name }) => name, message: limitError }).optional(),
      {
        about:
          'Requests that all workers together may send to a service in a time, and how many one worker may have under way. Unset: no limit but 24 requests under way to each chain and each HTTP service.',
        example: 'model:openai=60/min 20;chain:1=25/s 10;http:prices=10/s',
      },
    ),
    PERDURA_SERVICE_FAILURES: variable(integer(1, 1_000).prefault('5'), {
      about:
        'Failures in a row after which a worker takes a service for down: nobody asks it for a while, then one request at a time until it answers.',
    }),
  },
}
