import type { ConversationState, HistoryStrategy, ModelSettings } from '../contracts/conversation.ts'
import type { NewRequest } from '../contracts/human-request.ts'
import type { CallId, ConversationId, MessageId, OwnerId, TurnId } from '../contracts/ids.ts'
import type { CallPermission, PermissionPolicy } from '../contracts/permission.ts'
import type { ToolError, ToolStatus } from '../contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'
import type { CallTokens } from '../contracts/usage.ts'
import type { Database } from './database.ts'
import type { NewEvent } from './event-log.ts'
import { type ReservedCall, toEntry } from './ledger.ts'
import { type EventRow, type LogAnswer, toEventRowsJson } from './log-answer.ts'
import type { StoredToolCall } from './message-row.ts'
import { publishNotice } from './publish-notice.ts'
import { storableJson } from './storable-text.ts'

/** What a conversation is set to, as a model call needs it. */
export type TurnSettings = {
  owner: OwnerId
  wallet: string | null
  /** The conversation's, or what a message or a fallback has chosen for this turn. */
  model: string
  modelSettings: ModelSettings
  /** Models that go on when one is down; null: the deployment's. */
  fallbackModels: string[] | null
  /** Models that were found to be down in this turn. */
  downModels: string[]
  instructions: string | null
  /** Names of the tools the model may use; null: all of them. */
  tools: string[] | null
  chainId: number | null
  history: HistoryStrategy
  permissions: PermissionPolicy
  /** Whether it takes part in the owner's memory; absent: not known. */
  memory?: boolean
}

export type BegunRound =
  | {
      outcome: 'run'
      state: ConversationState
      /** How often the round was begun: a higher number is a later attempt. */
      attempt: number
      settings: TurnSettings
      /** When the turn began, moved on by the time that it waited for a person. */
      startedAtMs: number
      /** Number of the event that began the round. */
      firstSeq: number
    }
  /** The round was stored by an earlier try; its calls are those that have not ended, and what it was not joined by. */
  | { outcome: 'done'; stored: RoundOutcome }
  /** The messages belong to another turn, or the turn has ended, or the conversation is gone. */
  | { outcome: 'taken' | 'over' | 'missing' }
  /** Messages wait to join the round, and the caller does not know them. */
  | { outcome: 'joined' }

/** A round that was begun, and runs. */
export type RunningRound = Extract<BegunRound, { outcome: 'run' }>

/** A call that a reply asked for; one with an `end` is over before it began, a `claimed` one begins with it. */
export type NewCall = StoredToolCall & {
  permission?: CallPermission
  claimed?: boolean
  end?: { status: ToolStatus; error: ToolError; text: string }
}

export type FinishedRound = {
  conversationId: ConversationId
  turnId: TurnId
  round: number
  /** As `beginRound` has told it: one that a later one has overtaken stores nothing. Absent: it is not known. */
  attempt?: number
  outcome: RoundOutcome
  message: { id: string; text: string; toolCalls: StoredToolCall[]; model: string } | null
  calls: readonly NewCall[]
  /** What a person is asked before calls of them run. */
  requests: readonly NewRequest[]
  /** What the call has used; null when none was made. */
  spent: { call: ReservedCall; tokens: CallTokens } | null
  events: readonly NewEvent[]
  /** Deltas after this number are removed. */
  deltaFloor: number
}

const beforeSettings = {
  permissions: 'allowReads',
  modelSettings: {},
  fallbackModels: null,
  downModels: [],
} satisfies Partial<TurnSettings>

/**
 * Begins a round, and with round 0 its turn: its messages become part of the turn and are shown. Unless `isJoinable`,
 * only when no other message waits to join it.
 */
export async function beginRound(
  database: Database,
  { conversationId, turnId, round, messageIds, steered = [], trigger }: RoundRef,
  { promptHash, isJoinable = true }: { promptHash: string; isJoinable?: boolean },
): Promise<BegunRound> {
  type Answer = BegunRound & Since & { log?: LogAnswer; events?: EventRow[] }
  const answer = await database.call<Answer>('begin_round', [
    conversationId,
    turnId,
    round,
    messageIds,
    steered,
    trigger,
    promptHash,
    isJoinable,
  ])
  if (answer.outcome === 'done') return { outcome: 'done', stored: toStanding(answer.stored, answer) }
  if (answer.outcome !== 'run') return answer
  publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  const { state, attempt, settings, startedAtMs, firstSeq } = answer
  // A turn that began under an earlier version has fewer settings.
  const complete: TurnSettings = { ...beforeSettings, ...settings }
  return { outcome: 'run', state, attempt, settings: complete, startedAtMs, firstSeq }
}

/** What has become of a round since it was stored. */
type Since = { ended?: CallId[]; unjoined?: MessageId[] }

function toStanding(stored: RoundOutcome, { ended = [], unjoined = [] }: Since): RoundOutcome {
  if (stored.kind !== 'tools' && stored.kind !== 'finished') return stored
  const told = unjoined.length === 0 ? stored : { ...stored, unjoined }
  if (told.kind === 'finished') return told
  return { ...told, calls: told.calls.filter(({ callId }) => !ended.includes(callId)) }
}

/**
 * Stores what a model call produced, all or nothing, and ends the turn unless tools follow.
 * Returns the outcome that stands: an earlier try's, if there was one, and nothing if a later try goes on.
 */
export async function finishRound(database: Database, finished: FinishedRound): Promise<RoundOutcome> {
  const { conversationId } = finished
  const events = toEventRowsJson(finished.events)
  const answer = await database.call<{
    outcome: 'stored' | 'done' | 'over'
    stored?: RoundOutcome
    /** More than these events was appended. */
    changed?: boolean
    log?: LogAnswer
  }>('finish_round', [
    conversationId,
    finished.turnId,
    finished.round,
    storableJson(finished.outcome),
    finished.message === null ? null : storableJson(finished.message),
    storableJson(finished.calls.map(toCallRow)),
    finished.requests.length === 0 ? null : storableJson(finished.requests),
    finished.spent === null ? null : storableJson(toEntry(finished.spent.call, finished.spent.tokens)),
    events,
    finished.deltaFloor,
    finished.outcome.kind !== 'tools',
    finished.attempt ?? null,
  ])
  publishNotice(database, conversationId, answer.log, answer.changed ? undefined : events)
  if (answer.stored !== undefined) return answer.stored
  return answer.outcome === 'over' ? { kind: 'nothing' } : finished.outcome
}

function toCallRow({ callId, arguments: args, end, ...rest }: NewCall): object {
  return { id: callId, arguments: args, ...rest, ...end }
}
