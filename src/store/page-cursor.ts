import { AppError } from '../contracts/errors.ts'

/** Where a page of conversations ended. It names a place in time, not a conversation: that one may move or go. */
export type PagePlace = { place: string; id: string }

export function toPageCursor({ place, id }: PagePlace): string {
  return Buffer.from(JSON.stringify([place, id])).toString('base64url')
}

/** @throws AppError `invalid_request` */
export function fromPageCursor(cursor: string): PagePlace {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [place, id]: unknown[] = Array.isArray(parsed) ? parsed : []
    if (typeof place === 'string' && typeof id === 'string' && isTime(place) && !id.includes('\0'))
      return { place, id }
  } catch {
    // Said below.
  }
  throw new AppError(
    'invalid_request',
    'cursor: This is not a nextCursor of an earlier page. Start without one.',
  )
}

/** As PostgreSQL writes a time, and nothing else: it does not read all that Date does, as the 30th of February. */
const time = /^([1-9]\d{3}-\d\d-\d\d) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?[+-](0\d|1[0-5])(:[0-5]\d)?$/

function isTime(place: string): boolean {
  const day = new Date(`${time.exec(place)?.[1] ?? ''}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && place.startsWith(day.toISOString().slice(0, 10))
}
