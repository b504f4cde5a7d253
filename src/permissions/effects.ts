import type { ToolEffect } from '../contracts/tool-call.ts'

/** Every effect, the least first. */
export const effects = ['read', 'compute', 'prepare', 'sign', 'external'] as const satisfies ToolEffect[]

/** Whether an effect is the granted one or a lesser one. */
export function isWithinEffect(effect: ToolEffect, granted: ToolEffect): boolean {
  return effects.indexOf(effect) <= effects.indexOf(granted)
}
