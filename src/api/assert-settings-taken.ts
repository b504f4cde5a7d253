import type { ModelSettings, OfferedSettings } from '../contracts/conversation.ts'
import { AppError } from '../contracts/errors.ts'
import { findUnsupportedSettings } from '../schemas/check-model-settings.ts'

/**
 * Refuses settings that a model does not take, before anything is stored.
 * @throws AppError `unsupported_setting`, naming each field and what the model offers
 */
export function assertSettingsTaken(
  settings: ModelSettings,
  { id, settings: offered }: { id: string; settings: OfferedSettings },
): void {
  const errors = findUnsupportedSettings(settings, offered)
  if (errors.length === 0) return
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join(' ')
  throw new AppError('unsupported_setting', `${detail} The model is ${id}; change it, or modelSettings.`, {
    details: { errors, model: id, offered },
  })
}
