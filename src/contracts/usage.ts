import type { ConversationId, OwnerId, TurnId } from './ids.ts'

/** What a model was asked for. */
export const callKinds = ['answer', 'summary', 'title', 'memory'] as const
export type CallKind = (typeof callKinds)[number]

/** What one call of a model is booked under: each attempt is paid by itself. */
export type CallKey = {
  /** Unique for each attempt: `<turn>.r<round>.a<attempt>` for an answer. */
  id: string
  kind: CallKind
  owner: OwnerId
  conversationId: ConversationId
  turnId?: TurnId
}

/** Tokens of one call. `estimated`: counted here, because the provider said nothing. */
export type CallTokens = {
  inputTokens: number
  outputTokens: number
  cachedTokens?: number
  estimated: boolean
}

/** Which limit a call would have passed; the code with which its turn ends. */
export const budgetCodes = ['turn_budget', 'day_budget', 'owner_budget'] as const
export type BudgetCode = (typeof budgetCodes)[number]

/** A sum over calls. Costs are US dollars as decimal strings; calls of models without a price add nothing. */
export type UsageSum = {
  calls: number
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  costUsd: string
  /** Calls among them whose tokens were counted here. */
  estimatedCalls: number
}

/**
 * What a model costs: millionths of a millionth of a US dollar for one token, which is dollars for a million tokens
 * with six decimals. Whole numbers.
 */
export type ModelPrice = { input: number; output: number; cached: number }

/** A limit in tokens, in millionths of a millionth of a US dollar, in both or in neither. */
export type BudgetLimit = { tokens?: number; cost?: bigint }

/** What may be spent. */
export type Budgets = {
  limits: { turn: BudgetLimit; day: BudgetLimit; owner: BudgetLimit }
  /** Undefined: no price is configured, so nothing is known of its cost. */
  priceOf(modelId: string): ModelPrice | undefined
}

/** What is left of a limit, what runs now counted as spent. Dollars are decimal strings. */
export type LimitReport = {
  code: BudgetCode
  tokens?: { limit: number; left: number }
  usd?: { limit: string; left: string }
}

/** What an owner has used. */
export type UsageReport = {
  total: UsageSum
  /** Since midnight UTC. */
  today: UsageSum
  /** What the calls that run now may use. */
  reserved: { calls: number; tokens: number; costUsd: string }
  /** Days (UTC, as `2026-01-31`) on which models were called, the latest first. */
  days: ({ day: string } & UsageSum)[]
  /** By model and kind: of the turn or the conversation that was asked for, else of everything. */
  models: ({ model: string; kind: CallKind } & UsageSum)[]
  conversation?: UsageSum
  turn?: UsageSum
  /** The limits of this deployment. That of a turn is about the one that was asked for. */
  limits: LimitReport[]
}
