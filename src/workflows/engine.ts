import type {
  Activities,
  BackgroundCall,
  FailedCallRef,
  ToolCallRef,
} from '../contracts/activity-interface.ts'
import type { AnswerRefusal } from '../contracts/human-request.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { RoundOutcome, RoundRef } from '../contracts/turn.ts'

/** Work that can be cancelled as one. */
export interface Scope {
  readonly isCancelled: boolean
  cancel(): void
  run<Result>(body: () => Promise<Result>): Promise<Result>
}

/** Changes of what the loop does that histories of earlier versions know nothing of. */
export type Patch = 'wait-for-calls'

/** Activities that write what has been decided. */
export type Write =
  | 'resolveRequest'
  | 'finishTurn'
  | 'failToolCall'
  | 'beginBackgroundCall'
  | 'wakeConversation'

/** What the Temporal UI shows and finds of a conversation. */
export type Appearance = { state: string; needsHuman?: boolean; model?: string; endedAtMs?: number }

/**
 * What the loop needs from the world. The workflow passes Temporal; a test passes plain functions.
 *
 * `until` must resolve with true when the condition holds, with false when the time is over, and must reject
 * when the scope it was called in is cancelled. A condition may hold only for a moment, because it is looked at
 * after each signal and update of a task. It must never change by time or by the length of the history: a refused
 * update looks at it too, and is not there in a replay. Activities must reject when their scope is cancelled,
 * after they have ended, or resolve with what they came to; writes must be repeated until they succeed.
 */
export interface Engine extends Pick<Activities, Write> {
  callModel(round: RoundRef, model: string | undefined): Promise<RoundOutcome>
  compactHistory(round: RoundRef): Promise<RoundOutcome>
  runTool(ref: ToolCallRef, call: ScheduledCall): Promise<CallOutcome>
  runToolStep(ref: ToolCallRef, call: ScheduledCall, stepIndex: number): Promise<CallOutcome>
  /** Resolves when the workflow of the call has started; one that is there already counts. */
  startBackgroundCall(call: BackgroundCall): Promise<void>
  /** `summary` says in the Temporal UI what the time is for. */
  until(holds: () => boolean, timeoutMs?: number, summary?: string): Promise<boolean>
  openScope(): Scope
  /** Runs although the scope around it is cancelled. */
  shield<Result>(body: () => Promise<Result>): Promise<Result>
  isCancellation(error: unknown): boolean
  /** What a tool's failed activity means for its call. */
  classify(error: unknown): 'cancelled' | Pick<FailedCallRef, 'status' | 'code'>
  /** The code of the turn that ends with this error. */
  toTurnCode(error: unknown): string
  /** False in a replay of a history that was made without this change. */
  isPatched(change: Patch): boolean
  /** The history is long enough to go on in a new run. */
  mustContinueAsNew(): boolean
  /** Unix milliseconds. */
  now(): number
  /** Refuses an update. */
  refusal(type: AnswerRefusal, message: string, details: readonly string[]): Error
  /** Shows the details in the Temporal UI, in Markdown. */
  describe(details: string): void
  index(appearance: Appearance): void
}
