import type { z } from 'zod'

import type { QuestionForm } from '../contracts/human-request.ts'
import type { CallTargets } from '../contracts/permission.ts'
import type { ToolEffect } from '../contracts/tool-call.ts'
import type { ToolServices } from './tool-services.ts'

/** Facts for the operator's log: a short fixed message, facts as fields, never inputs or secrets. */
export type ToolLog = (message: string, fields?: Record<string, unknown>) => void

/** What a running tool is given. */
export type ToolContext = {
  /** Aborts on Stop, timeout and worker shutdown; pass it on to everything that waits. */
  signal: AbortSignal
  /** Shows how far the work is; `fraction` from 0 to 1. Only the latest is kept. */
  progress: (stage: string, fraction?: number, message?: string) => void
  log: ToolLog
  services: ToolServices
  owner: string
  /** The wallet that signed in, checksummed; absent for a guest. */
  wallet?: string
  /** The conversation's chain, or the deployment's first. */
  chainId: number
  conversationId: string
  callId: string
  /** The same for every try of this call; pass it to services that can deduplicate. */
  idempotencyKey: string
}

/** Names of services that a deployment may lack; a tool that uses an absent one is not offered. */
export type ServiceName = 'chain' | 'compiler' | 'memory' | `http:${string}`

/** One step of a multi-step tool: an activity of its own, so a crash later on never runs it again. */
export type ToolStep<Input> = {
  /** Default 30 s. */
  timeoutMs?: number
  /** Default 3. */
  tries?: number
  /** Returns JSON. `earlier` holds the outputs of the steps before, by name. */
  run(input: Input, context: ToolContext, earlier: Readonly<Record<string, unknown>>): Promise<unknown>
}

type ToolBase<Input> = {
  name: string
  /** One line for people, at most 80 characters, from validated input only. */
  title(input: Input): string
  /** Written for the model: when to use it, when not, units, limits. */
  description: string
  effect: ToolEffect
  /**
   * What a call is directed at, from validated input only: permissions are decided by it. Every contract that is
   * called and every host that is reached must be named. Absent: nothing but the chain, which is the input's
   * `chainId` or, for a tool that uses `chain`, the conversation's.
   */
  targets?(input: Input, context: { chainId: number }): Partial<CallTargets>
  /** Services it cannot work without. */
  uses: readonly ServiceName[]
  /** Of one try of a single-`run` tool, default 30 s. */
  timeoutMs?: number
  /** Default 3. */
  tries?: number
  input: z.ZodType
  output: z.ZodType
}

/** What a tool may be that runs something. */
type RunBase = {
  /**
   * Its calls go on as workflows of their own: the model is told `running` at once and the end in a note, which begins
   * a turn by itself. Timeouts may be days.
   */
  background?: boolean
}

/** A tool with one `run`. */
export type SingleTool<Input = unknown> = ToolBase<Input> &
  RunBase & {
    kind: 'single'
    /**
     * It only reads, and usually answers at once: when a reply asks for such tools alone and nobody has to be asked,
     * they run within the model's own activity. One that takes longer than a moment runs again as any other does.
     */
    quick?: boolean
    run(input: Input, context: ToolContext): Promise<unknown>
  }

/** A tool of named steps, run in order. */
export type SteppedTool<Input = unknown> = ToolBase<Input> &
  RunBase & {
    kind: 'stepped'
    steps: Readonly<Record<string, ToolStep<Input>>>
    /** Makes the tool's output from the steps' outputs, by name. */
    result(outputs: Readonly<Record<string, unknown>>, input: Input): unknown
  }

/**
 * A tool that asks a person: the runtime shows the form and waits, for days if need be. The answers are its
 * output, as `{ answers }` by question id; nothing of the tool runs.
 */
export type AskingTool<Input = unknown> = ToolBase<Input> & {
  kind: 'asking'
  form(input: Input): QuestionForm
}

/** A tool as the scheduler sees it: input is validated with `input` before anything else is called. */
export type Tool = SingleTool | SteppedTool | AskingTool
