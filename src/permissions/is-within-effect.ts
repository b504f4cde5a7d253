import { type ToolEffect, toolEffects } from '../contracts/tool-call.ts'

/** Whether an effect is the granted one or a lesser one. */
export function isWithinEffect(effect: ToolEffect, granted: ToolEffect): boolean {
  return toolEffects.indexOf(effect) <= toolEffects.indexOf(granted)
}
