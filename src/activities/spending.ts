import { AppError, type ErrorCode } from '../contracts/errors.ts'
import type { CallKey, CallTokens } from '../contracts/usage.ts'
import type { FoundModel } from '../models/model-registry.ts'
import type { ModelPart, ModelRequest } from '../models/model-provider.ts'
import { loadTokenCounter } from '../models/token-counter.ts'
import { reserveCall, type ReservedCall, settleCall, toCutError } from '../store/ledger.ts'
import type { ActivityServices } from './activity-services.ts'
import { countRequest } from './context/message-sizes.ts'
import { OutputMeter } from './output-meter.ts'
import type { Reply } from './reply.ts'
import { untilDatabaseAnswers } from './until-database-answers.ts'

/** What one call has used, to be stored with what it said. */
export type Settlement = { call: ReservedCall; tokens: CallTokens }

/** A call that is paid: who is asked what. Without a count of the input, it is counted here. */
export type PaidCall = FoundModel & { request: ModelRequest; inputTokens?: number }

/** `asked`: the service was; `answered`: something of the reply has come. */
type OpenCall = { call: ReservedCall; meter: OutputMeter; asked: boolean; answered: boolean }

/** Errors with which a service refuses a call before it answers: it charges nothing. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'model_rate_limited',
  'model_rejected',
  'model_unauthorized',
  'model_unavailable',
])

/** What one attempt of a model call costs: reserved before it, metered while it streams, settled after it. */
export class Spending {
  readonly #key: CallKey
  readonly #services: Pick<ActivityServices, 'database' | 'budgets'>
  #open: OpenCall | undefined

  constructor(key: CallKey, services: Pick<ActivityServices, 'database' | 'budgets'>) {
    this.#key = key
    this.#services = services
  }

  /**
   * Reserves the call, then streams the reply; ends it where its reservation ends, whether or not the service keeps
   * to the limit that it is told.
   * @throws AppError `turn_budget`, `day_budget`, `owner_budget`, `output_limit`, and whatever the provider throws
   */
  async *stream(paid: PaidCall, signal: AbortSignal): AsyncGenerator<ModelPart> {
    const { provider, info, request } = paid
    const counter = await loadTokenCounter(info)
    const { database, budgets } = this.#services
    const inputTokens = paid.inputTokens ?? (await countRequest(request, counter, signal))
    const call = await untilDatabaseAnswers(signal, () =>
      reserveCall(database, {
        key: this.#key,
        model: info,
        inputTokens,
        maxOutputTokens: request.maxOutputTokens,
        budgets,
      }),
    )
    const { maxOutputTokens } = call
    const meter = new OutputMeter(counter, isLimited(budgets) ? maxOutputTokens : undefined)
    const open: OpenCall = { call, meter, asked: !signal.aborted, answered: false }
    this.#open = open
    const bounded = maxOutputTokens === undefined ? request : { ...request, maxOutputTokens }
    const onArguments = (delta: string): void => {
      open.answered = true
      if (meter.take('calls', delta) !== delta) throw this.#cut(call)
    }
    for await (const part of provider.stream(bounded, signal, onArguments)) {
      open.answered = true
      if (part.type !== 'text' && part.type !== 'reasoning') {
        yield part
        continue
      }
      const delta = meter.take(part.type, part.delta)
      if (delta !== '') yield { ...part, delta }
      if (delta !== part.delta) throw this.#cut(call)
    }
  }

  /** The error of an answer that its service ended where the budget does; undefined for any other end. */
  findCut({ reason }: Reply): AppError | undefined {
    const bound = this.#open?.call.bound
    return reason === 'length' && bound !== undefined ? toCutError(bound) : undefined
  }

  /** What the call has used; undefined when it was never made. What the service counts goes before what is counted here. */
  toSettlement({ usage }: Reply, failure: AppError | undefined): Settlement | undefined {
    if (this.#open === undefined) return undefined
    const { call, meter, asked, answered } = this.#open
    if (usage !== undefined) return { call, tokens: { ...usage, estimated: false } }
    const refused = !asked || (!answered && failure !== undefined && refusals.has(failure.code))
    return {
      call,
      tokens: refused
        ? { inputTokens: 0, outputTokens: 0, estimated: true }
        : { inputTokens: call.inputTokens, outputTokens: meter.count(), estimated: true },
    }
  }

  /** Settles an attempt that another one follows. One that cannot be settled now is settled by the next attempt. */
  async settle(reply: Reply, failure: AppError | undefined, signal: AbortSignal): Promise<void> {
    const settlement = this.toSettlement(reply, failure)
    if (settlement === undefined) return
    const { call, tokens } = settlement
    await untilDatabaseAnswers(signal, () => settleCall(this.#services.database, call, tokens))
  }

  #cut({ bound }: ReservedCall): AppError {
    if (bound !== undefined) return toCutError(bound)
    return new AppError('output_limit', 'The answer has reached its limit of output tokens.')
  }
}

function isLimited({ limits: { turn, day, owner } }: ActivityServices['budgets']): boolean {
  return [turn, day, owner].some(({ tokens, cost }) => tokens !== undefined || cost !== undefined)
}
