import type { RequestRef } from './human-request.ts'
import type { CallId } from './ids.ts'

/** What a tool does to the world, least first. */
export const toolEffects = ['read', 'compute', 'prepare', 'sign', 'external'] as const
export type ToolEffect = (typeof toolEffects)[number]

export const toolStatuses = ['ok', 'error', 'denied', 'cancelled', 'timeout'] as const
export type ToolStatus = (typeof toolStatuses)[number]

/** A tool that failed is read by the model; `retryable` says whether the same call may work later. */
export type ToolError = { code: string; message: string; retryable: boolean }

/** What the scheduler needs to know of one call; content stays in the store. */
export type ScheduledCall = {
  callId: CallId
  name: string
  /** At most 120 characters, for the Temporal UI. Made from the tool's title, never from user text. */
  summary: string
  timeoutMs: number
  /** In order; empty for a tool with a single `run`. */
  steps: ScheduledStep[]
  /** What a person must answer before the call runs; calls of one reply may share it. */
  request?: RequestRef
  /** It goes on as a workflow of its own, and its turn does not wait for it. */
  background?: true
}

export type ScheduledStep = { name: string; timeoutMs: number }

/**
 * How a call ended, as the workflow sees it, or what a person must answer before it goes on; `running`: it goes on in
 * the background.
 */
export type CallOutcome =
  | { status: ToolStatus }
  | { status: 'waiting'; request: RequestRef }
  | { status: 'running' }

/** One line of the `toolProgress` query. */
export type CallProgress = {
  callId: CallId
  name: string
  /** `waiting`: for a person. */
  status: 'running' | 'waiting' | ToolStatus
  stepIndex?: number
  stepCount?: number
  steps: { name: string; status: 'pending' | 'running' | 'ok' | 'error' | 'cancelled' }[]
  /** It goes on beyond the turn that asked for it. */
  background?: true
}

/** Answer of the `toolProgress` query; readable by a person in the Temporal UI. */
export type ToolProgressAnswer = { turnId?: string; calls: CallProgress[] }
