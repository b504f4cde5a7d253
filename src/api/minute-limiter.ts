import { RateLimiterPostgres } from 'rate-limiter-flexible'

import type { Database } from '../store/database.ts'

/**
 * Counts by key, over all api processes, in a table that is not logged: a count waits for no disk. One that is
 * over the limit is refused from memory until its minute has passed.
 */
export function createMinuteLimiter(database: Database, points: number): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: database.pool,
    storeType: 'pool',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: 'api',
    points,
    duration: 60,
    inMemoryBlockOnConsumed: points + 1,
    clearExpiredByTimeout: true,
  })
}
