import { toolCallLimit } from '../contracts/limits.ts'
import type { MessageId } from '../contracts/ids.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { CarriedTurn, RoundOutcome, RoundRef, TurnEnd, TurnLimits } from '../contracts/turn.ts'

/** What came of a model call in the end: what was too long before has been summed up. */
export type ModelOutcome = Exclude<RoundOutcome, { kind: 'compact' }>

/** What a turn needs from the world. The workflow passes activities; a test passes plain functions. */
export interface TurnPorts {
  callModel(round: RoundRef): Promise<ModelOutcome>
  /** Never throws, except when the turn is cancelled. `waiting`: the turn must be cut. */
  runToolCall(call: ScheduledCall): Promise<CallOutcome>
  /** Takes the messages that join the turn with this round. */
  takeJoining(round: number): MessageId[]
  /** Whether the turn must be cut here, to go on in a new run of the workflow. */
  mustCut(): boolean
  /** Unix milliseconds. */
  now(): number
  /** How long the turn has waited for people so far: its time does not run meanwhile. */
  waitedMs(): number
}

/** How a turn left the loop: at its end, or cut at a round boundary or while it waits for people. */
export type TurnExit = { kind: 'ended'; end: TurnEnd } | { kind: 'cut'; carried: CarriedTurn }

/**
 * Runs rounds until the model stops or a limit is met. A cancelled turn leaves by the exception that its
 * port throws; everything else is an exit.
 */
export async function runTurn(
  { turn, round: first, limits: known, calls: carried = [] }: CarriedTurn,
  ports: TurnPorts,
): Promise<TurnExit> {
  let limits = known
  let open: readonly ScheduledCall[] = carried
  for (let round = first; ; round++) {
    const waitedBefore = ports.waitedMs()
    const parked = await runCalls(open, ports)
    limits = extend(limits, ports.waitedMs() - waitedBefore)
    if (parked.length > 0) return { kind: 'cut', carried: { turn, round, limits, calls: parked } }
    const met = metLimit(round, limits, ports.now())
    if (met !== undefined) return ended({ outcome: 'limit', code: met, written: false })
    if (round > first && ports.mustCut()) return { kind: 'cut', carried: { turn, round, limits } }
    const steered = ports.takeJoining(round)
    const outcome = await ports.callModel({ ...turn, round, ...(steered.length === 0 ? {} : { steered }) })
    if (outcome.kind === 'nothing') return ended({ outcome: 'success', written: true })
    if (outcome.kind === 'finished') return ended({ ...outcome, written: true })
    limits = outcome.limits
    round = outcome.round ?? round
    open = outcome.calls.slice(0, toolCallLimit)
  }
}

/** Returns the calls that still wait for a person. */
async function runCalls(calls: readonly ScheduledCall[], ports: TurnPorts): Promise<ScheduledCall[]> {
  const outcomes = await Promise.all(calls.map((call) => ports.runToolCall(call)))
  return calls.flatMap((call, index) => {
    const outcome = outcomes[index]
    return outcome?.status === 'waiting' ? [{ ...call, request: outcome.request }] : []
  })
}

function extend(limits: TurnLimits | null, waitedMs: number): TurnLimits | null {
  return limits === null || waitedMs === 0 ? limits : { ...limits, deadlineMs: limits.deadlineMs + waitedMs }
}

function metLimit(round: number, limits: TurnLimits | null, nowMs: number): string | undefined {
  if (limits === null) return undefined
  if (round >= limits.rounds) return 'too_many_rounds'
  return nowMs >= limits.deadlineMs ? 'turn_time_limit' : undefined
}

function ended({ outcome, code, written }: TurnEnd): TurnExit {
  return { kind: 'ended', end: { outcome, ...(code === undefined ? {} : { code }), written } }
}
