import type { TurnSettings } from '../store/rounds.ts'
import type { Tool } from '../toolkit/tool.ts'
import type { ActivityServices } from './activity-services.ts'

/** Lists the tools that this deployment offers and the conversation admits. */
export function listAllowedTools({ tools }: TurnSettings, services: ActivityServices): readonly Tool[] {
  const offered = services.tools.list()
  return tools === null ? offered : offered.filter(({ name }) => tools.includes(name))
}
