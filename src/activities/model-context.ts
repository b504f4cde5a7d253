import { AppError } from '../contracts/errors.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { ModelInfo, ModelMessage, ModelRequest } from '../models/model-provider.ts'
import type { HistoryMessage } from '../store/history-backend.ts'
import type { TurnSettings } from '../store/rounds.ts'
import type { ActivityServices } from './activity-services.ts'
import { toMaxBytes } from './context/context-budget.ts'
import { loadContextFrame } from './context/context-frame.ts'
import { fillContext } from './context/fill-context.ts'
import { toRequestSettings } from './request-settings.ts'

/** What a model is given in one round, or that the older part must be summed up first. */
export type ModelContext =
  /** `inputTokens` as they are counted here. */
  { kind: 'request'; request: ModelRequest; inputTokens: number } | { kind: 'compact' }

export type ContextOptions = {
  round: RoundRef
  settings: TurnSettings
  /** Who is asked: its window and its tokenizer decide what fits. */
  info: ModelInfo
  signal: AbortSignal
}

/**
 * Puts together what a model is given in one round, never more than it can read.
 * @throws AppError `context_full` with what to do
 */
export async function loadModelContext(
  options: ContextOptions,
  services: ActivityServices,
): Promise<ModelContext> {
  const { round, settings, info, signal } = options
  const { conversationId, turnId, messageIds } = round
  const frame = await loadContextFrame({ conversationId, settings, info, signal }, services)
  const { system, tools, counter, fixedTokens, budget } = frame
  if (budget.messageTokens < 1) throw noRoom(info, fixedTokens)
  const history = await services.history.load({
    conversationId,
    turnId,
    messageIds,
    strategy: settings.history,
    maxBytes: toMaxBytes(budget.messageTokens, counter.isExact),
  })
  const filled = await fillContext({
    history,
    turnId,
    strategy: settings.history.kind,
    budgetTokens: budget.messageTokens,
    compacted: round.compacted === true,
    readsOn: tools.some(({ name }) => name === 'read_result'),
    counter,
    sizes: services.messageSizes,
    signal,
  })
  if (filled.kind === 'compact') return filled
  if (filled.kind === 'full') throw contextFull(settings, info, budget.messageTokens)
  const { maxOutputTokens, ...taken } = toRequestSettings(settings, info, services.settings)
  return {
    kind: 'request',
    inputTokens: fixedTokens + filled.tokens,
    request: {
      ...taken,
      model: info.model,
      system,
      messages: toModelMessages(filled.messages),
      tools,
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens: budget.outputTokens }),
    },
  }
}

function noRoom({ id, contextLimitTokens }: ModelInfo, fixedTokens: number): AppError {
  return new AppError(
    'context_full',
    `The instructions and tools alone take ${fixedTokens} of the ${contextLimitTokens} tokens that ${id} reads, and an ` +
      'answer needs room as well. Give the conversation fewer tools or shorter instructions, or choose a model ' +
      'that reads more.',
  )
}

function contextFull({ history }: TurnSettings, info: ModelInfo, budgetTokens: number): AppError {
  const room = `${info.id} reads ${info.contextLimitTokens} tokens, of which messages may take ${budgetTokens}.`
  const message =
    history.kind === 'full'
      ? `The conversation no longer fits: ${room} Set its history to summary or slidingWindow, choose a model that ` +
        'reads more, or begin a new conversation.'
      : `This turn alone does not fit: ${room} Ask for less at once, or choose a model that reads more.`
  return new AppError('context_full', message)
}

function toModelMessages(history: readonly HistoryMessage[]): ModelMessage[] {
  const providerIds = new Map(history.flatMap(({ providerCallIds }) => Object.entries(providerCallIds ?? {})))
  return history.map(({ role, text = '', toolCalls = [], callId = '' }) => {
    switch (role) {
      case 'user':
      case 'note':
        return { role, text }
      case 'assistant':
        return {
          role,
          text,
          toolCalls: toolCalls.map((call) => ({
            id: providerIds.get(call.callId) ?? call.callId,
            name: call.name,
            arguments: call.arguments,
          })),
        }
      case 'tool':
        return { role, toolCallId: providerIds.get(callId) ?? callId, text }
    }
  })
}
