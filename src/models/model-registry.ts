import { AppError } from '../contracts/errors.ts'
import { findModelId } from './model-id.ts'
import type { ModelInfo, ModelProvider } from './model-provider.ts'
import { createOpenAiProvider } from './openai-provider.ts'
import type { ProviderConfig } from './provider-config.ts'

export type FoundModel = { provider: ModelProvider; info: ModelInfo }

/** The models of a deployment. */
export interface ModelRegistry {
  /** The default; always one of `list`. */
  readonly defaultModel: ModelInfo
  /** Writes titles, summaries and memory notes. Undefined: no titles and notes, and summaries by the conversation's model. */
  readonly helperModel: ModelInfo | undefined
  /** Ids of the models that go on, in this order, where a conversation names none itself. */
  readonly fallbackModels: readonly string[]
  /** In the order of the configuration. */
  list(): readonly ModelInfo[]
  /**
   * Takes `provider/model`, or the model's name alone when one provider has it.
   * @throws AppError `unknown_model` with the configured ids.
   */
  find(modelId: string): FoundModel
}

/** Ids of models for all that no conversation chooses. */
export type ChosenModels = {
  defaultModel: string
  helperModel?: string | undefined
  fallbackModels?: readonly string[]
}

/**
 * Makes one provider for each configuration.
 * @throws AppError `unknown_model` when a chosen one is not configured.
 */
export function createModelRegistry(configs: readonly ProviderConfig[], chosen: ChosenModels): ModelRegistry {
  return createRegistryOf(configs.map(createOpenAiProvider), chosen)
}

/** The same over providers that exist already, for example one that does not speak OpenAI's wire. */
function createRegistryOf(
  providers: readonly ModelProvider[],
  { defaultModel, helperModel, fallbackModels = [] }: ChosenModels,
): ModelRegistry {
  const models = new Map<string, FoundModel>()
  for (const provider of providers) {
    for (const info of provider.listModels()) models.set(info.id, { provider, info })
  }
  const ids = [...models.keys()]

  function find(modelId: string): FoundModel {
    const found = models.get(findModelId(modelId, ids) ?? '')
    if (found) return found
    const message = `Model ${modelId.slice(0, 100)} is not configured. Configured: ${ids.join(', ')}.`
    throw new AppError('unknown_model', message, { details: { configured: ids } })
  }

  return {
    defaultModel: find(defaultModel).info,
    helperModel: helperModel === undefined ? undefined : find(helperModel).info,
    fallbackModels: fallbackModels.map((id) => find(id).info.id),
    list: () => [...models.values()].map(({ info }) => info),
    find,
  }
}
