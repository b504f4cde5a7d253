import { z } from 'zod'

import type { ReasoningEffort } from '../contracts/conversation.ts'
import { AppError } from '../contracts/errors.ts'
import type {
  ModelInfo,
  ModelMessage,
  ModelPart,
  ModelProvider,
  ModelRequest,
} from '../models/model-provider.ts'
import { toTakenSettings } from '../schemas/check-model-settings.ts'
import type { HelperQuestion } from '../schemas/helper-question.ts'
import type { ActivityServices } from './activity-services.ts'
import type { Reply } from './reply.ts'
import { Spending } from './spending.ts'

export type HelperServices = Pick<ActivityServices, 'models' | 'database' | 'budgets'>

type Try = Pick<HelperQuestion<unknown>, 'key' | 'maxOutputTokens' | 'signal'> & { messages: ModelMessage[] }

const timeoutMs = 60_000
/** What a reasoning model may think before it answers, in tokens. */
const thoughtTokens = 4_000

/**
 * Asks the helper model and returns its answer, checked against the schema; one that does not fit may be asked for a
 * second time. Of the conversation's log it reaches only what it cost. Ends with the signal, or after a minute for
 * each try.
 * @throws AppError `model_garbage` when no try fits, `model_unavailable` when there is no helper, any other `model_…`,
 * `turn_budget`, `day_budget`, `owner_budget`
 */
export async function askHelper<Value>(
  question: HelperQuestion<Value> & {
    /** Who is asked; absent: the helper model. */
    model?: ModelInfo
  },
  services: HelperServices,
): Promise<{ value: Value; model: string }> {
  const model = question.model ?? services.models.helperModel
  if (model === undefined) {
    throw new AppError('model_unavailable', 'There is no helper model: PERDURA_HELPER_MODEL is none.')
  }
  const { provider, info } = services.models.find(model.id)
  const system = withForm(question.system, question.schema)
  const asked: ModelMessage = { role: 'user', text: question.text }
  const first = await runTry({ ...question, messages: [asked] }, { provider, info, system }, services)
  const read = readAnswer(first, question.schema)
  if ('value' in read) return { value: read.value, model: info.id }
  if (question.tries === 1) throw unfitting(info)
  const messages: ModelMessage[] = [
    asked,
    { role: 'assistant', text: first === '' ? '{}' : first, toolCalls: [] },
    { role: 'user', text: `That does not fit: ${read.fault} Answer again, with the JSON object only.` },
  ]
  const key = { ...question.key, id: `${question.key.id}.2` }
  const second = await runTry({ ...question, key, messages }, { provider, info, system }, services)
  const again = readAnswer(second, question.schema)
  if ('value' in again) return { value: again.value, model: info.id }
  throw unfitting(info)
}

function unfitting({ id }: ModelInfo): AppError {
  return new AppError('model_garbage', `The helper model ${id} answered in a form that does not fit.`)
}

type Helper = { provider: ModelProvider; info: ModelInfo; system: string }

async function runTry(
  { key, messages, maxOutputTokens, signal }: Try,
  { provider, info, system }: Helper,
  services: HelperServices,
): Promise<string> {
  const request = toRequest({ system, messages, maxOutputTokens }, info)
  const timeout = AbortSignal.timeout(timeoutMs)
  const spending = new Spending(key, services)
  const reply: Reply = { calls: [], usage: undefined, reason: undefined }
  let failure: AppError | undefined
  let text = ''
  try {
    const parts = spending.stream({ provider, info, request }, AbortSignal.any([signal, timeout]))
    for await (const part of parts) {
      if (part.type === 'text') text += part.delta
      if (part.type === 'usage') reply.usage = toUsage(part)
    }
    return text
  } catch (error) {
    signal.throwIfAborted()
    const fault = timeout.aborted ? tooSlow(info) : error
    if (fault instanceof AppError) failure = fault
    throw fault
  } finally {
    // A try is paid whatever becomes of it.
    await spending.settle(reply, failure, signal)
  }
}

function toUsage({ type: _type, ...usage }: Extract<ModelPart, { type: 'usage' }>): Reply['usage'] {
  return usage
}

function tooSlow({ id }: ModelInfo): AppError {
  return new AppError('model_timeout', `The helper model ${id} took longer than ${timeoutMs} ms.`)
}

function toRequest(
  { maxOutputTokens, ...rest }: Pick<ModelRequest, 'system' | 'messages'> & { maxOutputTokens: number },
  { model, settings: offered }: ModelInfo,
): ModelRequest {
  const least = leastEffort(offered.reasoningEfforts)
  const room = least === undefined ? maxOutputTokens : maxOutputTokens + thoughtTokens
  const settings = { maxOutputTokens: room, ...(least === undefined ? {} : { reasoningEffort: least }) }
  return { model, ...rest, tools: [], ...toTakenSettings(settings, offered) }
}

/** Titles and summaries want no long thoughts. */
function leastEffort(efforts: readonly ReasoningEffort[] = []): ReasoningEffort | undefined {
  return efforts[0]
}

function withForm(system: string, schema: z.ZodType): string {
  const form = JSON.stringify(z.toJSONSchema(schema))
  return `${system}\n\nAnswer with one JSON object and nothing else. It must fit this JSON schema:\n${form}`
}

/** Reads the JSON of an answer, which models like to put into a code fence. */
function readAnswer<Value>(text: string, schema: z.ZodType<Value>): { value: Value } | { fault: string } {
  const [, fenced] = /```(?:json)?\s*([\s\S]*?)```/.exec(text) ?? []
  try {
    const parsed = schema.safeParse(JSON.parse(fenced ?? text))
    return parsed.success ? { value: parsed.data } : { fault: z.prettifyError(parsed.error) }
  } catch {
    return { fault: 'it is not JSON.' }
  }
}
