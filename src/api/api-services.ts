import type { RateLimiterAbstract } from 'rate-limiter-flexible'

import type { Catalogue } from '../catalogue/connect-catalogue.ts'
import type { HistoryStrategy } from '../contracts/conversation.ts'
import type { PermissionPolicy } from '../contracts/permission.ts'
import type { Logger } from '../ops/logger.ts'
import type { ApiMetrics } from '../ops/metrics.ts'
import type { Database } from '../store/database.ts'
import type { EventLog } from '../store/event-log.ts'
import type { ConversationWorkflows } from '../temporal/conversation-workflows.ts'
import type { EventFeed } from './event-feed.ts'

/** What routes work with; made once. */
export type ApiServices = Pick<Catalogue, 'models' | 'budgets' | 'tools' | 'chains'> & {
  database: Database
  log: EventLog
  feed: EventFeed
  workflows: ConversationWorkflows
  guestLimiter: RateLimiterAbstract
  requestLimiter: RateLimiterAbstract
  /** Of forks and imports. */
  copyLimiter: RateLimiterAbstract
  logger: Logger
  metrics: ApiMetrics
  settings: ApiSettings
  /** False while the process is being stopped. */
  isAccepting(): boolean
}

/** Values from the configuration. */
export type ApiSettings = {
  history: HistoryStrategy
  /** Of conversations that choose none themselves. */
  permissions: PermissionPolicy
  queuedMessages: number
  openTurns: number
  conversationsPerGuest: number
  streamsPerOwner: number
  tokenTtlMs: number
  /** Host names, besides the local ones, that requests may name. Empty when bound to a public address. */
  allowedHosts: readonly string[]
  corsOrigins: readonly string[]
  /** Undefined: there are no routes for operators. */
  adminKey: string | undefined
}
