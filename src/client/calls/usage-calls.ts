import type { UsageReport } from '../../contracts/usage.ts'
import type { UsageQuery } from '../api-answers.ts'
import { requestJson, type Transport } from '../send-request.ts'

/** What the owner has used. */
export function usageCalls(transport: Transport) {
  return {
    /** Tokens and cost of model calls, and what the budgets leave; of a conversation and a turn too if named. */
    getUsage: (query: UsageQuery = {}) => requestJson<UsageReport>(transport, { path: '/api/usage', query }),
  }
}
