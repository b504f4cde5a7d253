import type { ConversationId, TurnId } from '../contracts/ids.ts'
import type { ServiceCaller } from '../services/service-caller.ts'
import type { HoldReason } from '../store/services.ts'
import type { ActivityScope } from './activity-scope.ts'
import type { ActivityServices } from './activity-services.ts'
import { BoundedPause } from './bounded-pause.ts'

type Turn = { conversationId: ConversationId; turnId: TurnId }

/** Less than what an activity may take beyond its tool's own time; what waits longer comes again. */
const toolPatience = { busyMs: 40_000, downMs: 10_000 }
const modelPatience = { busyMs: 240_000, downMs: 10_000 }
/** Another model can answer instead; but somebody has to find out that this one is back. */
const fallbackPatience = { busyMs: 10_000, downMs: 1_000 }

/**
 * How long the waits of one try may take together before its time runs on: a tool that asks a slow service many times
 * would else outlast what its activity may take, and be run again from its beginning.
 */
const toolWaitMs = 45_000

/** A tool that asks services outside: its time does not run while they keep it waiting. */
export function toToolCaller(
  { ref, owner, scope }: { ref: Turn; owner: string; scope: ActivityScope },
  services: Pick<ActivityServices, 'log' | 'logger'>,
): ServiceCaller {
  const waits = new BoundedPause(toolWaitMs, () => scope.pauseTimeLimit())
  return {
    owner,
    patience: toolPatience,
    onHeld: tellOnce(ref, services),
    onWait: () => waits.begin(),
  }
}

export type AskingRound = {
  turn: Turn
  owner: string
  scope: Pick<ActivityScope, 'failedTries'>
  hasFallback: boolean
  /** A wait is over. */
  onAdmitted(): void
}

/** A round that asks its model. */
export function toModelCaller(
  { turn, owner, scope, hasFallback, onAdmitted }: AskingRound,
  services: Pick<ActivityServices, 'log' | 'logger'>,
): ServiceCaller {
  return {
    owner,
    patience: hasFallback ? fallbackPatience : modelPatience,
    isRetry: scope.failedTries > 0,
    onHeld: tellOnce(turn, services),
    onWait: () => onAdmitted,
  }
}

/** Tells the conversation that a service keeps it waiting or is down, once in a turn. Nothing waits for that. */
function tellOnce(
  { conversationId, turnId }: Turn,
  { log, logger }: Pick<ActivityServices, 'log' | 'logger'>,
): NonNullable<ServiceCaller['onHeld']> {
  const told = new Set<string>()
  return ({ service, why, ms }) => {
    if (told.has(service)) return
    told.add(service)
    logger.warn(
      { conversationId, turnId, service, why, ms: Math.round(ms) },
      'a service keeps a turn waiting',
    )
    const body = {
      type: 'notice',
      level: 'warning',
      code: 'service_down',
      message: say(service, why),
    } as const
    log
      .append(conversationId, [{ key: `${turnId}.service_down.${service}`, turnId, body }], {
        onlyInTurn: turnId,
      })
      .catch((err: unknown) => logger.warn({ err, conversationId, service }, 'a notice was not stored'))
  }
}

function say(service: string, why: HoldReason): string {
  return why === 'limited'
    ? `The service ${service} takes no more requests for a while. What needs it waits.`
    : `The service ${service} does not work. It is asked again in a while.`
}
