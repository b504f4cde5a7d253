import { AppError } from '../../contracts/errors.ts'
import type { MessageId } from '../../contracts/ids.ts'
import { factLimit } from '../../contracts/limits.ts'
import type { RoundRef } from '../../contracts/turn.ts'
import type { ModelInfo } from '../../models/model-provider.ts'
import { bytesPerToken } from '../../models/token-counter.ts'
import {
  type NewCompaction,
  type PlacedCompaction,
  readCompacted,
  readOlderPart,
} from '../../store/compactions.ts'
import type { Compaction } from '../../store/history-backend.ts'
import type { TurnSettings } from '../../store/rounds.ts'
import type { ActivityScope } from '../activity-scope.ts'
import type { ActivityServices } from '../activity-services.ts'
import { loadContextFrame } from '../context/context-frame.ts'
import { historyShares, toSummarizedWindow } from '../context/history-shares.ts'
import { chooseCompactedPart } from './choose-compacted-part.ts'
import { toCompactionNote } from './compaction-note.ts'
import { joinFacts } from './fact-list.ts'
import { readTranscript, type Transcript } from './transcript.ts'
import { withoutUnknownValues, listHexValues } from './verbatim-facts.ts'
import { writeSummary } from './write-summary.ts'

/** What takes the place of the older part. */
export type MadeCompaction = Pick<NewCompaction, keyof PlacedCompaction | 'tokensBefore' | 'tokensAfter'> & {
  /** The first message that the model is still given as it is. */
  keptFrom?: MessageId
  /** Why no summary was written: it is the one before, or null. */
  failure?: AppError
}

export type CompactionTask = {
  /** Of the compaction. */
  id: string
  round: RoundRef
  settings: TurnSettings
  scope: ActivityScope
}

const summaryLimit = { least: 600, most: 6_000 }
const factCharacters = 24_000
/** Of the window of the model that sums up; the rest is for its instructions and its answer. */
const pieceShare = 0.5
const pieceLimit = 8
/** A longer text is estimated: nobody waits for the count of a million letters that only say how much was saved. */
const countedLength = 20_000

/**
 * Sums up what stands before a turn. Undefined: there is nothing to sum up. Writes nothing.
 * @throws what interrupted the scope, and what another try may do better
 */
export async function makeCompaction(
  task: CompactionTask,
  services: ActivityServices,
  mayTryAgain: (error: unknown) => boolean,
): Promise<MadeCompaction | undefined> {
  const { round, settings, scope } = task
  const { database, models } = services
  const { info } = models.find(settings.model)
  const { signal } = scope
  const { conversationId } = round
  const { budget, counter } = await loadContextFrame({ conversationId, settings, info, signal }, services)
  // Of what messages may take, and not of all: with many tools in a small window the one is a fraction of the other.
  const windowTokens = toSummarizedWindow(budget.messageTokens)
  const { previous, messages } = await readOlderPart(database, round.conversationId, round.turnId)
  const reason = round.purpose === 'compact' ? 'asked' : 'full'
  const part = chooseCompactedPart(messages, { windowTokens, reason })
  if (part === undefined) return undefined
  scope.note('read')
  const writer = models.helperModel ?? info
  const countTokens = (text: string) =>
    text.length > countedLength ? Math.ceil(Buffer.byteLength(text) / bytesPerToken) : counter.count(text)
  const transcript = await readTranscript(readCompacted(database, round.conversationId, part), {
    pieceCharacters: Math.floor(writer.contextLimitTokens * pieceShare * bytesPerToken),
    pieceLimit,
    countTokens,
  })
  const noteCharacters = Math.floor(windowTokens * historyShares.summary * bytesPerToken)
  const before = { facts: previous?.facts ?? [], leftOut: previous?.factsLeftOut ?? 0 }
  const { facts, leftOut } = joinFacts(before, transcript.facts, {
    count: factLimit,
    characters: Math.min(factCharacters, noteCharacters),
  })
  const written = await tryToWrite(
    { task, writer, transcript, noteCharacters, previous, mayTryAgain },
    services,
  )
  const noted = { summary: written.summary, facts, factsLeftOut: leftOut }
  const noteBefore = previous === undefined ? 0 : countTokens(toCompactionNote(previous))
  return {
    uptoPosition: part.to,
    ...(part.keptFrom === undefined ? {} : { keptFrom: part.keptFrom }),
    ...noted,
    tokensBefore: transcript.tokens + noteBefore,
    tokensAfter: countTokens(toCompactionNote(noted)),
    ...(written.failure === undefined ? {} : { failure: written.failure }),
  }
}

type Writing = {
  task: CompactionTask
  writer: ModelInfo
  transcript: Transcript
  noteCharacters: number
  previous: Compaction | undefined
  mayTryAgain: (error: unknown) => boolean
}

async function tryToWrite(
  { task, writer, transcript, noteCharacters, previous, mayTryAgain }: Writing,
  services: ActivityServices,
): Promise<{ summary: string | null; failure?: AppError }> {
  const { id, round, settings, scope } = task
  const { conversationId, turnId } = round
  const before = previous?.summary ?? null
  scope.note('model')
  try {
    const summary = await writeSummary(
      {
        key: {
          id: `${id}.s${scope.attempt}`,
          kind: 'summary',
          owner: settings.owner,
          conversationId,
          turnId,
        },
        writer,
        pieces: transcript.pieces,
        previous: before,
        maxCharacters: Math.min(summaryLimit.most, Math.max(summaryLimit.least, noteCharacters)),
        signal: scope.signal,
      },
      services,
    )
    return { summary: withoutUnknownValues(summary, knownValues(transcript, previous)) }
  } catch (error) {
    const isOver =
      scope.interruption() !== undefined || !(error instanceof AppError) || error.code === 'stopped'
    if (isOver || mayTryAgain(error)) throw error
    return { summary: before, failure: error }
  }
}

function knownValues({ known }: Transcript, previous: Writing['previous']): Set<string> {
  const facts = (previous?.facts ?? []).map(({ value }) => value).join(' ')
  return new Set([...known, ...listHexValues(`${previous?.summary ?? ''} ${facts}`)])
}
