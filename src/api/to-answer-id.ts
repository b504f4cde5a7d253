import { createHash } from 'node:crypto'

import type { OwnerId, RequestId } from '../contracts/ids.ts'
import type { RequestResponse } from '../schemas/human-request.ts'

/** The same answer of the same person to the same request has the same id, however its JSON is written. */
export function toAnswerId(requestId: RequestId, owner: OwnerId, response: RequestResponse): string {
  const text = JSON.stringify([requestId, owner, response], withSortedKeys)
  return `a_${createHash('sha256').update(text).digest('base64url').slice(0, 27)}`
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
