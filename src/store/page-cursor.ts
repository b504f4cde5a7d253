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
    if (typeof place === 'string' && typeof id === 'string' && !Number.isNaN(Date.parse(place)))
      return { place, id }
  } catch {
    // Said below.
  }
  throw new AppError(
    'invalid_request',
    'cursor: This is not a nextCursor of an earlier page. Start without one.',
  )
}
