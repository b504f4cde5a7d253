import { AppError } from '../contracts/errors.ts'
import type { ApiServices } from './api-services.ts'

/**
 * Refuses settings that this deployment does not offer, before anything is stored.
 * @throws AppError `unknown_model`, `unknown_tool`, `unknown_chain`
 */
export function assertOffered(
  wanted: {
    model?: string | undefined
    fallbackModels?: string[] | null | undefined
    tools?: string[] | null | undefined
    chainId?: number | undefined
  },
  { models, tools, chains }: ApiServices,
): void {
  if (wanted.model !== undefined) models.find(wanted.model)
  for (const model of wanted.fallbackModels ?? []) models.find(model)
  if (wanted.chainId !== undefined) chains.chain(wanted.chainId)
  const names = tools.offered.list().map(({ name }) => name)
  const unknown = wanted.tools?.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new AppError('unknown_tool', `There is no tool ${unknown}. Offered: ${names.join(', ')}.`)
  }
}
