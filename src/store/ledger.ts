import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { ModelUsage } from '../contracts/event.ts'
import type { BudgetCode, Budgets, CallKey, CallKind, CallTokens, ModelPrice } from '../contracts/usage.ts'
import { callCost, toUsd } from './call-cost.ts'
import type { Database } from './database.ts'
import { type LogAnswer, toEventRowsJson } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'

/** A call that is about to be made. */
export type WantedCall = {
  key: CallKey
  model: { id: string; contextLimitTokens: number }
  /** Counted here. */
  inputTokens: number
  /** The largest output that is wanted; absent: whatever the provider gives. */
  maxOutputTokens?: number | undefined
  budgets: Budgets
}

/** A call that may be made; `settleCall` or the end of its round must follow. */
export type ReservedCall = {
  key: CallKey
  model: { id: string; contextLimitTokens: number }
  price: ModelPrice | undefined
  inputTokens: number
  /** What the provider must be told; its output may be no longer. Absent: nothing bounds it. */
  maxOutputTokens?: number
  /** The budget that made it shorter than was wanted. */
  bound?: BudgetCode
}

/** With less output than this a call is not worth its input. */
const leastOutputTokens = 64
/** What an answer may have under a budget when no maximum is configured: services refuse more than they can give. */
const presumedOutputTokens = 8_192

type Refusal = { outcome: 'refused'; code: BudgetCode; unit: 'tokens' | 'usd'; left: string; limit: string }
type ReserveAnswer = { log?: LogAnswer | null } & (
  | { outcome: 'reserved'; outputTokens: number | null; code: BudgetCode | null }
  | Refusal
  | { outcome: 'over' }
)

/**
 * Books what a call may use before it is made, and settles calls of the same place whose worker is gone. Repeating
 * it with the same key reserves anew. Under a limit the output is bounded by what is left.
 * @throws AppError `turn_budget`, `day_budget`, `owner_budget` when not even a short answer fits; `stopped` when the
 * turn of an answer has ended
 */
export async function reserveCall(database: Database, wanted: WantedCall): Promise<ReservedCall> {
  const { key, model, inputTokens, budgets } = wanted
  const price = budgets.priceOf(model.id)
  const limits = toLimits(budgets)
  const maxOutputTokens =
    wanted.maxOutputTokens ??
    (limits === null
      ? undefined
      : Math.max(1, Math.min(presumedOutputTokens, model.contextLimitTokens - inputTokens)))
  const answer = await database.call<ReserveAnswer>('reserve_call', [
    JSON.stringify({
      ...toKeyRow(key),
      model: model.id,
      inputTokens,
      outputTokens: maxOutputTokens,
      leastTokens: leastOutputTokens,
      inputPrice: price?.input,
      outputPrice: price?.output,
      contextLimit: model.contextLimitTokens,
    }),
    limits === null ? null : JSON.stringify(limits),
  ])
  publishNotice(database, key.conversationId, answer.log)
  if (answer.outcome === 'over') throw new AppError('stopped', 'The turn has ended.')
  if (answer.outcome === 'refused') throw toBudgetError(answer, inputTokens)
  return {
    key,
    model,
    price,
    inputTokens,
    ...(answer.outputTokens === null ? {} : { maxOutputTokens: answer.outputTokens }),
    ...(answer.code === null ? {} : { bound: answer.code }),
  }
}

/**
 * Books what a call has used, instead of what was reserved, and says so in its conversation. For calls that no
 * `finishRound` settles. Repeating it changes nothing.
 */
export async function settleCall(database: Database, call: ReservedCall, tokens: CallTokens): Promise<void> {
  const { key } = call
  const turnId = isOfTurn(key.kind) ? (key.turnId ?? null) : null
  const events = toEventRowsJson([
    { key: usageKeyOf(key), turnId, body: { type: 'usage.recorded', ...toUsage(call, tokens) } },
  ])
  const { log } = await database.call<{ log: LogAnswer | null }>('settle_call', [
    JSON.stringify(toEntry(call, tokens)),
    events,
  ])
  publishNotice(database, key.conversationId, log, events)
}

/** The key of the event that records a call, which exists once. */
export function usageKeyOf({ id }: CallKey): string {
  return `${id}:usage`
}

/** What a call has used, as its event says it. */
export function toUsage({ key, model, price }: ReservedCall, tokens: CallTokens): ModelUsage {
  const { inputTokens, outputTokens, cachedTokens, estimated } = tokens
  const cost = callCost(price, tokens)
  return {
    kind: key.kind,
    model: model.id,
    inputTokens,
    outputTokens,
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    ...(cost === null ? {} : { costUsd: toUsd(cost) }),
    ...(estimated ? { estimated } : {}),
    contextTokens: inputTokens + outputTokens,
    contextLimit: model.contextLimitTokens,
  }
}

/** An entry of the ledger on its way into SQL. */
export function toEntry({ key, model, price }: ReservedCall, tokens: CallTokens): object {
  const cost = callCost(price, tokens)
  return { ...toKeyRow(key), model: model.id, ...tokens, ...(cost === null ? {} : { cost: cost.toString() }) }
}

/** Whether a turn waits for calls of this kind; others outlive theirs. */
function isOfTurn(kind: CallKind): boolean {
  return kind === 'answer' || kind === 'summary'
}

function toKeyRow({ id, kind, owner, conversationId, turnId }: CallKey): object {
  return { id, kind, owner, conversation: conversationId, turn: turnId }
}

function toLimits({ limits: { turn, day, owner } }: Budgets): object | null {
  const limits = [turn, day, owner].flatMap(({ tokens, cost }) => [tokens, cost])
  if (limits.every((limit) => limit === undefined)) return null
  return {
    turnTokens: turn.tokens,
    dayTokens: day.tokens,
    ownerTokens: owner.tokens,
    turnCost: turn.cost?.toString(),
    dayCost: day.cost?.toString(),
    ownerCost: owner.cost?.toString(),
  }
}

const budgetNames: Readonly<Record<BudgetCode, string>> = {
  turn_budget: 'this turn',
  day_budget: 'this day',
  owner_budget: 'this owner',
}

const budgetHints: Readonly<Record<BudgetCode, string>> = {
  turn_budget: 'Continue with a new message.',
  day_budget: 'Go on after midnight UTC.',
  owner_budget: 'Ask the operator for more.',
}

/** Nothing of the budget is used: to wait for the next one would not help. */
const largeInputHint =
  'That is all of it. Give the model less (sum the conversation up, clear it, shorten its instructions), or ask the ' +
  'operator for more.'

function toBudgetError({ code, unit, left, limit }: Refusal, inputTokens: number): AppError {
  const amount = unit === 'tokens' ? 'tokens' : 'US dollars'
  const hint = left === limit ? largeInputHint : budgetHints[code]
  const message =
    `The budget of ${budgetNames[code]} leaves ${left} of ${limit} ${amount}, too little for the next model call ` +
    `with its ${inputTokens} tokens of input. ${hint}`
  return new AppError(code, message, { details: { left, limit, unit, inputTokens } })
}

/** The error of an answer that was cut because a budget was reached. */
export function toCutError(code: BudgetCode): AppError {
  return new AppError(code, `The answer has reached the budget of ${budgetNames[code]}. ${budgetHints[code]}`)
}

/** Whether an error says that a budget was reached. */
export function isBudgetCode(code: ErrorCode | undefined): code is BudgetCode {
  return code !== undefined && code in budgetNames
}
