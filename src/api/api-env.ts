import type { HttpBindings } from '@hono/node-server'

import type { Owner } from '../contracts/conversation.ts'
import type { Logger } from '../ops/logger.ts'

/** What middleware hands to routes. */
export type ApiEnv = {
  Bindings: HttpBindings
  Variables: { requestId: string; logger: Logger; owner: Owner; token: string }
}
