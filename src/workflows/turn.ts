import { toolCallLimit } from '../contracts/limits.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { CarriedTurn, RoundOutcome, RoundRef, TurnEnd, TurnLimits } from '../contracts/turn.ts'

/** What a turn needs from the world. The workflow passes activities; a test passes plain functions. */
export interface TurnPorts {
  callModel(round: RoundRef): Promise<RoundOutcome>
  /** Never throws, except when the turn is cancelled. */
  runToolCall(call: ScheduledCall): Promise<CallOutcome>
  /** Whether the turn must be cut here, to go on in a new run of the workflow. */
  mustCut(): boolean
  /** Unix milliseconds. */
  now(): number
}

/** How a turn left the loop: at its end, or cut at a round boundary. */
export type TurnExit = { kind: 'ended'; end: TurnEnd } | { kind: 'cut'; carried: CarriedTurn }

/**
 * Runs rounds until the model stops or a limit is met. A cancelled turn leaves by the exception that its
 * port throws; everything else is an exit.
 */
export async function runTurn(
  { turn, round: first, limits: known }: CarriedTurn,
  ports: TurnPorts,
): Promise<TurnExit> {
  let limits = known
  for (let round = first; ; round++) {
    const met = metLimit(round, limits, ports.now())
    if (met !== undefined) return ended({ outcome: 'limit', code: met, written: false })
    if (round > first && ports.mustCut()) return { kind: 'cut', carried: { turn, round, limits } }
    const outcome = await ports.callModel({ ...turn, round })
    if (outcome.kind === 'nothing') return ended({ outcome: 'success', written: true })
    if (outcome.kind === 'finished') return ended({ ...outcome, written: true })
    limits = outcome.limits
    await Promise.all(outcome.calls.slice(0, toolCallLimit).map((call) => ports.runToolCall(call)))
  }
}

function metLimit(round: number, limits: TurnLimits | null, nowMs: number): string | undefined {
  if (limits === null) return undefined
  if (round >= limits.rounds) return 'too_many_rounds'
  return nowMs >= limits.deadlineMs ? 'turn_time_limit' : undefined
}

function ended({ outcome, code, written }: TurnEnd): TurnExit {
  return { kind: 'ended', end: { outcome, ...(code === undefined ? {} : { code }), written } }
}
