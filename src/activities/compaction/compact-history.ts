import { AppError } from '../../contracts/errors.ts'
import type { EventBody } from '../../contracts/event.ts'
import { answerIdOf } from '../../contracts/ids.ts'
import type { RoundOutcome, RoundRef } from '../../contracts/turn.ts'
import { isCompacted, storeCompaction } from '../../store/compactions.ts'
import type { NewEvent } from '../../store/event-log.ts'
import { beginRound, type RunningRound } from '../../store/rounds.ts'
import { type ActivityScope, handedOver, withActivityScope } from '../activity-scope.ts'
import type { ActivityServices } from '../activity-services.ts'
import { isTransient, mayTryAgain, toActivityFailure } from '../attempt.ts'
import { turnEndMessages } from '../turn-end-messages.ts'
import { untilDatabaseAnswers } from '../until-database-answers.ts'
import { endCompactionTurn } from './end-compaction-turn.ts'
import { type MadeCompaction, makeCompaction } from './make-compaction.ts'

/** What became of the compaction; a failure is only one where nothing was stored. */
type Done = 'done' | 'stopped' | AppError

/** Sums up the older part of a conversation; see `Activities.compactHistory`. */
export async function compactHistory(round: RoundRef, services: ActivityServices): Promise<RoundOutcome> {
  return withActivityScope({ turnId: round.turnId, stops: services.stops }, async (scope) => {
    try {
      // A round that has begun already is begun again, which changes nothing and tells what is to be known of it.
      const begun = await beginRound(services.database, round, { promptHash: services.prompt.hash })
      if (begun.outcome === 'done' && begun.stored.kind === 'finished') return begun.stored
      if (begun.outcome !== 'run') return { kind: 'nothing' }
      scope.limitTime(begun.startedAtMs + services.settings.turnTimeoutMs - Date.now())
      const done = await compact(round, begun, scope, services)
      return round.purpose === 'compact'
        ? await endCompactionTurn(round, done, services)
        : { kind: 'nothing' }
    } catch (error) {
      const { conversationId, turnId } = round
      if (!isTransient(error))
        services.logger.error({ err: error, conversationId, turnId }, 'compaction failed')
      throw toActivityFailure(error, scope.failedTries + 1)
    }
  })
}

async function compact(
  round: RoundRef,
  { state, settings }: RunningRound,
  scope: ActivityScope,
  services: ActivityServices,
): Promise<Done> {
  const { database, logger } = services
  const isAsked = round.purpose === 'compact'
  const id = isAsked ? round.turnId : answerIdOf(round.turnId, round.round)
  if (state === 'cancelling') return 'stopped'
  // Nothing of it may be kept, not even in short.
  if (settings.history.kind === 'none') return 'done'
  if (await isCompacted(database, id)) return 'done'
  try {
    const task = { id, round, settings, scope }
    const made = await makeCompaction(task, services, (error) => mayTryAgain(error, scope, services.settings))
    if (made === undefined) return 'done'
    // Nobody needs the room: what could not be summed up stays as it is.
    if (isAsked && made.failure !== undefined) return made.failure
    const { conversationId, turnId } = round
    const stored = { ...made, id, conversationId, turnId, asked: isAsked, events: toEvents(id, turnId, made) }
    const outcome = await untilDatabaseAnswers(scope.signal, () => storeCompaction(database, stored))
    const { tokensBefore, tokensAfter, failure } = made
    logger.info(
      { conversationId, turnId, tokensBefore, tokensAfter, code: failure?.code },
      'history compacted',
    )
    return outcome === 'over' ? 'stopped' : 'done'
  } catch (error) {
    const interruption = scope.interruption()
    if (interruption === 'stopped' || isStop(error)) return 'stopped'
    // The turn that needed it ends as well.
    if (interruption === 'timeout') return new AppError('turn_time_limit', turnEndMessages.turn_time_limit)
    if (interruption === 'shutdown' || interruption === 'lost') throw handedOver(interruption)
    throw error
  }
}

/** The turn has ended before the model could be asked. */
function isStop(error: unknown): boolean {
  return error instanceof AppError && error.code === 'stopped'
}

function toEvents(id: string, turnId: string, made: MadeCompaction): NewEvent[] {
  const { keptFrom, summary, facts, tokensBefore, tokensAfter, failure } = made
  const keyed = (suffix: string, body: EventBody): NewEvent => ({ key: `${id}:${suffix}`, turnId, body })
  return [
    keyed('compacted', {
      type: 'context.compacted',
      ...(keptFrom === undefined ? {} : { beforeMessageId: keptFrom }),
      ...(summary === null ? {} : { summary }),
      facts,
      tokensBefore,
      tokensAfter,
    }),
    ...(failure === undefined ? [] : [keyed('compaction_failed', toNotice(failure))]),
  ]
}

function toNotice({ code }: AppError): EventBody {
  return {
    type: 'notice',
    level: 'warning',
    code: 'compaction_failed',
    message:
      `The older part of the conversation could not be summed up (${code}). The model is given its facts, and what was ` +
      'summed up before.',
  }
}
