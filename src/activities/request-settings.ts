import type { ModelSettings } from '../contracts/conversation.ts'
import type { ModelInfo } from '../models/model-provider.ts'
import { toTakenSettings } from '../schemas/check-model-settings.ts'
import type { TurnSettings } from '../store/rounds.ts'
import type { ActivitySettings } from './activity-services.ts'

/**
 * The settings of one model call: the conversation's, within the operator's bound. What the model does not take is
 * left out: a fallback, or the model of one message, may not be the one that they were chosen for.
 */
export function toRequestSettings(
  { modelSettings }: Pick<TurnSettings, 'modelSettings'>,
  { settings: offered }: Pick<ModelInfo, 'settings'>,
  { maxOutputTokens: bound }: Pick<ActivitySettings, 'maxOutputTokens'>,
): ModelSettings {
  const wanted = modelSettings.maxOutputTokens ?? bound
  const limits = wanted === undefined ? {} : { maxOutputTokens: Math.min(wanted, bound ?? wanted) }
  return toTakenSettings({ ...modelSettings, ...limits }, offered)
}
