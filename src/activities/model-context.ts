import type { RoundRef } from '../contracts/turn.ts'
import type { ModelMessage, ModelRequest } from '../models/model-provider.ts'
import { buildSystem } from '../models/build-system.ts'
import type { HistoryMessage } from '../store/history-backend.ts'
import type { TurnSettings } from '../store/rounds.ts'
import type { Tool } from '../toolkit/tool.ts'
import type { ActivityServices } from './activity-services.ts'

/** Puts together what a model is given in one round. */
export async function loadModelRequest(
  { conversationId, turnId, messageIds }: RoundRef,
  settings: TurnSettings,
  model: string,
  services: ActivityServices,
): Promise<ModelRequest> {
  const { messages: history } = await services.history.load({
    conversationId,
    turnId,
    messageIds,
    strategy: settings.history,
    maxBytes: 4_000_000,
  })
  const { maxOutputTokens, defaultChainId } = services.settings
  return {
    model,
    system: buildSystem({
      prompt: services.prompt,
      facts: {
        ...(settings.wallet === null ? {} : { wallet: settings.wallet }),
        chainId: settings.chainId ?? defaultChainId,
        time: services.toolServices.now(),
      },
      ...(settings.instructions === null ? {} : { instructions: settings.instructions }),
    }),
    messages: toModelMessages(history),
    tools: listAllowedTools(settings, services).flatMap(({ name }) => services.modelTools.get(name) ?? []),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  }
}

/** The tools that this deployment offers and the conversation admits. */
export function listAllowedTools({ tools }: TurnSettings, services: ActivityServices): readonly Tool[] {
  const offered = services.tools.list()
  return tools === null ? offered : offered.filter(({ name }) => tools.includes(name))
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
