import type { ConversationId } from '../../contracts/ids.ts'
import { buildSystem } from '../../models/build-system.ts'
import type { ModelInfo, ModelTool } from '../../models/model-provider.ts'
import { loadTokenCounter, type TokenCounter } from '../../models/token-counter.ts'
import type { TurnSettings } from '../../store/rounds.ts'
import type { ActivityServices } from '../activity-services.ts'
import { listAllowedTools } from '../list-allowed-tools.ts'
import { recallMemory } from '../recall-memory.ts'
import { toRequestSettings } from '../request-settings.ts'
import { type ContextBudget, toContextBudget } from './context-budget.ts'
import { toToolText } from './message-sizes.ts'

export type FrameOptions = {
  conversationId: ConversationId
  settings: TurnSettings
  /** Who is asked: its window and its tokenizer decide what fits. */
  info: ModelInfo
  signal: AbortSignal
}

/** What every call of a conversation carries besides its messages, and what that leaves for them. */
export type ContextFrame = {
  system: string
  tools: readonly ModelTool[]
  counter: TokenCounter
  fixedTokens: number
  budget: ContextBudget
}

/** Makes the frame of a model call for the conversation as it is set now. */
export async function loadContextFrame(
  { conversationId, settings, info, signal }: FrameOptions,
  services: ActivityServices,
): Promise<ContextFrame> {
  const counter = await loadTokenCounter(info)
  const memory = await recallMemory(conversationId, settings, services)
  const system = toSystem(settings, memory, services)
  const tools = listAllowedTools(settings, services)
    .filter(({ uses }) => memory !== null || !uses.includes('memory'))
    .flatMap(({ name }) => services.modelTools.get(name) ?? [])
  const texts = [system, ...tools.map(toToolText)]
  const fixedTokens = await services.messageSizes.countTexts(texts, counter, signal)
  const { maxOutputTokens } = toRequestSettings(settings, info, services.settings)
  const budget = toContextBudget({ info, maxOutputTokens, fixedTokens, isExact: counter.isExact })
  return { system, tools, counter, fixedTokens, budget }
}

function toSystem(
  { wallet, chainId, instructions }: TurnSettings,
  memory: string | null,
  services: ActivityServices,
): string {
  return buildSystem({
    prompt: services.prompt,
    facts: {
      ...(wallet === null ? {} : { wallet }),
      chainId: chainId ?? services.settings.defaultChainId,
      time: services.toolServices.now(),
    },
    ...(instructions === null ? {} : { instructions }),
    ...(memory === null ? {} : { memory }),
  })
}
