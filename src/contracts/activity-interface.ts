import type { CallId, ConversationId, RequestId, TurnId } from './ids.ts'
import type { CallOutcome, ScheduledCall, ToolStatus } from './tool-call.ts'
import type { RoundOutcome, RoundRef, Turn, TurnOutcomeKind } from './turn.ts'

/** One tool call as an activity is asked to run it. */
export type ToolCallRef = {
  conversationId: ConversationId
  turnId: TurnId
  callId: CallId
  /** It outlives its turn: neither the turn's Stop nor its end concerns it. */
  background?: true
}

/** A call that goes on in the background, as its workflow is told of it. */
export type BackgroundCall = ToolCallRef & { call: ScheduledCall }

/** One step of a multi-step tool. The last one writes the call's result as well. */
export type ToolStepRef = ToolCallRef & { stepIndex: number; stepCount: number; step: string }

/** A call that ended without its activity saying so: stopped, out of time, or its worker died. */
export type FailedCallRef = ToolCallRef & { status: 'error' | 'cancelled' | 'timeout'; code: string }

/** A request that is answered, or expired when `answerId` is null. */
export type ResolveRequestRef = {
  conversationId: ConversationId
  turnId: TurnId
  requestId: RequestId
  answerId: string | null
}

/** What a resolved request means for each of its calls: it runs, or it ended so. */
export type RequestResolution = { calls: Record<CallId, 'run' | ToolStatus> }

/** The end of a turn that no model call has written. */
export type FinishTurnRef = Turn & {
  outcome: TurnOutcomeKind
  code?: string
}

/**
 * What workflows may ask of the world. Every activity may run twice and must arrive at the same facts.
 * Arguments and results stand in the history: ids and small facts, never content.
 */
export interface Activities {
  /**
   * Streams one model reply into the log and stores the assistant message. While it has run for a moment only, and
   * nothing is left to do for the workflow, it goes on with the next round.
   */
  callModel(round: RoundRef): Promise<RoundOutcome>
  /**
   * Sums up the older part of the conversation. In a turn of its own it begins and ends that turn; before a round
   * of another one it ends nothing, and whatever becomes of it that round goes on.
   */
  compactHistory(round: RoundRef): Promise<RoundOutcome>
  /** Runs a tool with a single `run` and stores its result under the call id. */
  runTool(call: ToolCallRef): Promise<CallOutcome>
  /** Runs one step; a step whose output is stored is answered from the row. */
  runToolStep(step: ToolStepRef): Promise<CallOutcome>
  /** Writes what became of a request, and ends the calls that it keeps from running. */
  resolveRequest(request: ResolveRequestRef): Promise<RequestResolution>
  /** Writes the result of a call whose activity could not. */
  failToolCall(call: FailedCallRef): Promise<CallOutcome>
  /**
   * Answers a call for the model with `running`, which means that its workflow is to be started. Every other outcome
   * is that of a call which does not run: it waits for a person, or is over.
   */
  beginBackgroundCall(call: BackgroundCall): Promise<CallOutcome>
  /** Has the conversation tell the model of the end of a background call, in a turn that begins by itself. */
  wakeConversation(call: ToolCallRef): Promise<void>
  /** Writes `turn.finished` unless it stands in the log already. */
  finishTurn(end: FinishTurnRef): Promise<void>
}
