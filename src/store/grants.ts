import { AppError } from '../contracts/errors.ts'
import type { OwnerId } from '../contracts/ids.ts'
import type { Grant } from '../contracts/permission.ts'
import type { ToolEffect } from '../contracts/tool-call.ts'
import type { Database } from './database.ts'

type GrantRow = {
  id: string
  conversation_id: string | null
  tool: string | null
  effect: ToolEffect | null
  chain_id: number | null
  contract: string | null
  domain: string | null
  created_at: Date
  expires_at: Date
  request_id: string | null
}

/** Lists the grants of an owner that hold, the latest first. */
export async function listGrants(database: Database, owner: OwnerId): Promise<Grant[]> {
  const rows = await database.rows<GrantRow>(
    'list_grants',
    `select id, conversation_id, tool, effect, chain_id, contract, domain, created_at, expires_at, request_id
       from grants where owner_id = $1 and revoked_at is null and expires_at > now()
       order by created_at desc, id`,
    [owner],
  )
  return rows.map(toGrant)
}

/** Makes a grant worthless from now on; calls that run already go on. @throws AppError `not_found` */
export async function revokeGrant(database: Database, owner: OwnerId, id: string): Promise<void> {
  const rows = await database.rows(
    'revoke_grant',
    `update grants set revoked_at = coalesce(revoked_at, now()) where id = $1 and owner_id = $2 returning id`,
    [id, owner],
  )
  if (rows.length === 0) {
    throw new AppError('not_found', `There is no grant ${id}. List yours with GET /api/grants.`)
  }
}

function toGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    ...(row.conversation_id === null ? {} : { conversationId: row.conversation_id }),
    ...(row.tool === null ? {} : { tool: row.tool }),
    ...(row.effect === null ? {} : { effect: row.effect }),
    ...(row.chain_id === null ? {} : { chainId: row.chain_id }),
    ...(row.contract === null ? {} : { contract: row.contract }),
    ...(row.domain === null ? {} : { domain: row.domain }),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
  }
}
