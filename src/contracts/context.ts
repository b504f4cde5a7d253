import type { CallId, MessageId, TurnId } from './ids.ts'

/**
 * A value of a tool's result that a summary must not garble, as code found it: an address, a hash, an amount.
 * `path` says where it stood in the result, as `balances[0].balance`.
 */
export type VerbatimFact = { callId: CallId; tool: string; path: string; value: string }

/** From here on the model is given something else of what stands before: a summary with facts, or nothing. */
export type ContextChange = {
  id: string
  turnId?: TurnId
  /** ISO 8601. */
  createdAt: string
} & (
  | { change: 'cleared' }
  | {
      change: 'compacted'
      /** The first message that the model is still given as it is; absent: none. */
      beforeMessageId?: MessageId
      /** Absent when no model could write one: the facts stand alone. */
      summary?: string
      facts: VerbatimFact[]
      tokensBefore: number
      tokensAfter: number
    }
)

/** A change with its place: it stands before this message; absent: behind all of them. */
export type PlacedContextChange = ContextChange & { standsBefore?: MessageId }
