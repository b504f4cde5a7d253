import { createHash, randomBytes, randomUUID } from 'node:crypto'

import type { Owner } from '../contracts/conversation.ts'
import type { Database } from './database.ts'

export type Login = { token: string; owner: Owner; expiresAt: string }

/** Creates a guest owner with a token; only the token's hash is kept. */
export async function createGuest(database: Database, ttlDays: number): Promise<Login> {
  const token = `pdr_${randomBytes(32).toString('base64url')}`
  const owner: Owner = { id: `o_${randomUUID()}`, kind: 'guest' }
  const [row] = await database.rows<{ expires_at: Date }>(
    'create_guest',
    `with owner as (insert into owners (id, kind) values ($1, 'guest') returning id)
       insert into login_tokens (token_hash, owner_id, expires_at)
         select $2, id, now() + make_interval(days => $3) from owner returning expires_at`,
    [owner.id, hashOf(token), ttlDays],
  )
  if (row === undefined) throw new Error('The guest was not stored.')
  return { token, owner, expiresAt: row.expires_at.toISOString() }
}

/** Finds who a token acts for; undefined for an unknown or expired one. */
export async function findOwnerByToken(database: Database, token: string): Promise<Owner | undefined> {
  const [row] = await database.rows<{ id: string; kind: Owner['kind']; wallet: string | null }>(
    'find_owner_by_token',
    `select o.id, o.kind, o.wallet from login_tokens t join owners o on o.id = t.owner_id
       where t.token_hash = $1 and t.expires_at > now()`,
    [hashOf(token)],
  )
  if (row === undefined) return undefined
  return { id: row.id, kind: row.kind, ...(row.wallet === null ? {} : { wallet: row.wallet }) }
}

/** Makes a token worthless. */
export async function deleteToken(database: Database, token: string): Promise<void> {
  await database.rows('delete_token', 'delete from login_tokens where token_hash = $1', [hashOf(token)])
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
