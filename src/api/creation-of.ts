import { createHash, randomBytes } from 'node:crypto'

import type { Owner } from '../contracts/conversation.ts'
import type { Creation } from '../store/made-conversation.ts'
import type { ApiSettings } from './api-services.ts'

export type CreationRequest = {
  owner: Owner
  /** `Idempotency-Key` of the request. */
  key: string | undefined
  /** What a repeat must say again. */
  body: object
}

/** What every route that makes a conversation tells the store. */
export function creationOf({ owner, key, body }: CreationRequest, settings: ApiSettings): Creation {
  return {
    // Short, because it stands in every id of the history.
    id: `c_${randomBytes(16).toString('base64url')}`,
    owner: owner.id,
    limit: owner.kind === 'guest' ? settings.conversationsPerGuest : undefined,
    idempotency: key === undefined ? undefined : { key, requestHash: hashOf(body) },
  }
}

function hashOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url')
}
