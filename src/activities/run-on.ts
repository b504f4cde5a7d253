import type { MessageId } from '../contracts/ids.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import type { ActivityScope } from './activity-scope.ts'

/**
 * How long an activity of a model call begins further rounds. A turn that takes longer is told in activities of one
 * round each: so the Temporal UI shows where it is, and the workflow what it waits for.
 */
const runOnMs = 5_000

/** Runs a round. Undefined when messages wait to join it that the workflow has not given to it. */
type RunRound = (round: RoundRef, isJoinable: boolean) => Promise<RoundOutcome | undefined>

/**
 * Runs a round, and those that follow it as long as nothing is left to do for the workflow between them: all calls of
 * the last one have ended, no message joins the turn, and none of its limits is met. Workflow and Temporal are spared
 * a hand-over for each. A try that follows a failed one finds the rounds that are stored, and goes on behind them.
 */
export async function runOn(
  first: RoundRef,
  { signal }: Pick<ActivityScope, 'signal'>,
  runRound: RunRound,
): Promise<RoundOutcome> {
  const endsAtMs = Date.now() + runOnMs
  const outcome = await runRound(first, true)
  if (outcome === undefined) throw new Error('Whoever begins a round has given it the messages that join it.')
  let last = outcome
  let { round } = first
  const ran = ranIn(last)
  while (
    endsInActivity(last) &&
    !signal.aborted &&
    Date.now() < endsAtMs &&
    isWithinLimits(last, round + 1)
  ) {
    const next = await runRound(toNext(first, round + 1), false)
    // Whether it must be summed up, or is joined: the workflow begins it again.
    if (next === undefined || next.kind === 'compact') break
    last = next
    round += 1
    ran.push(...ranIn(next))
  }
  return round === first.round ? last : told(last, { round, ran, unjoined: unjoinedIn(outcome) })
}

type ToolsOutcome = Extract<RoundOutcome, { kind: 'tools' }>

function endsInActivity(outcome: RoundOutcome): outcome is ToolsOutcome {
  return outcome.kind === 'tools' && outcome.calls.length === 0
}

function isWithinLimits({ limits }: ToolsOutcome, round: number): boolean {
  return round < limits.rounds && Date.now() < limits.deadlineMs
}

/** Nothing joins it, and what was summed up was so for the first one. */
function toNext(first: RoundRef, round: number): RoundRef {
  const { steered: _steered, compacted: _compacted, ...turn } = first
  return { ...turn, round }
}

function ranIn(outcome: RoundOutcome): string[] {
  return 'ran' in outcome ? [...(outcome.ran ?? [])] : []
}

/** Only the first one is given messages to join it. */
function unjoinedIn(outcome: RoundOutcome): { unjoined?: MessageId[] } {
  return 'unjoined' in outcome && outcome.unjoined !== undefined ? { unjoined: outcome.unjoined } : {}
}

type Told = { round: number; ran: string[]; unjoined: ReturnType<typeof unjoinedIn> }

/** What the workflow is told of several rounds. */
function told(last: RoundOutcome, { round, ran, unjoined }: Told): RoundOutcome {
  if (last.kind === 'tools') return { ...last, ...unjoined, round, ran }
  if (last.kind !== 'finished') return last
  return { ...last, ...unjoined, ...(ran.length === 0 ? {} : { ran }) }
}
