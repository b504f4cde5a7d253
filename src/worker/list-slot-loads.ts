import type { ActivityServices } from '../activities/activity-services.ts'
import type { GateLoad } from '../ops/weighted-gate.ts'
import type { SlotLoad } from '../ops/slot-metrics.ts'

/** How full the worker is: its places for activities, and in them the slots for tools and for each model provider. */
export function listSlotLoads(
  { toolSlots, modelSlots }: Pick<ActivityServices, 'toolSlots' | 'modelSlots'>,
  activities: { limit: number; used: number },
): SlotLoad[] {
  return [
    { name: 'activity', ...activities },
    toSlotLoad('tool', toolSlots.load()),
    ...[...modelSlots.loads()].map(([provider, load]) => toSlotLoad(`model:${provider}`, load)),
  ]
}

function toSlotLoad(
  name: string,
  { limit, inside, waiting, waitingKeys, longestWaitMs }: GateLoad,
): SlotLoad {
  return {
    name,
    limit,
    used: inside,
    waiting: { count: waiting, owners: waitingKeys, longestMs: longestWaitMs },
  }
}
