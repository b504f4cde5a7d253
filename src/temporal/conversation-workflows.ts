import {
  type Connection,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'

import type { BackgroundCall } from '../contracts/activity-interface.ts'
import type { AnswerRef } from '../contracts/human-request.ts'
import {
  type CallId,
  callWorkflowIdOf,
  type ConversationId,
  type MessageId,
  type OwnerId,
  type TurnId,
  workflowIdOf,
} from '../contracts/ids.ts'
import {
  backgroundWorkflowType,
  queryNames,
  searchAttributes,
  signalNames,
  workflowType,
} from '../contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import type { ConversationInput, WaitingMessage } from '../contracts/turn.ts'
import { type AnswerVerdict, noWorker } from './answer-verdict.ts'
import { offerAnswer } from './offer-answer.ts'
import { removeOldRuns, removeRuns } from './remove-runs.ts'
import { temporalUnavailable, toTemporalError } from './temporal-error.ts'
import { Turnstile } from './turnstile.ts'

/** A conversation, with what a workflow that is not there yet is started with. */
type SignalledConversation = {
  conversationId: ConversationId
  owner: { id: OwnerId; wallet?: string }
  model: string
  turns: number
}

/** What api and worker ask of conversations' workflows. */
export interface ConversationWorkflows {
  /**
   * Tells the workflow of messages, or of notes of background calls, in order, starting it when needed.
   * @throws AppError `temporal_unavailable`
   */
  signalMessages(conversation: SignalledConversation, messages: readonly WaitingMessage[]): Promise<void>
  /** Starts the workflow of a background call, unless there is or was one. @throws AppError `temporal_unavailable` */
  startBackgroundCall(call: BackgroundCall): Promise<void>
  /** Stops a background call. False when its workflow does not run. @throws AppError `temporal_unavailable` */
  cancelBackgroundCall(callId: CallId): Promise<boolean>
  /**
   * Asks for the older part to be summed up, in a turn of its own, starting the workflow when needed. `messageId`
   * names the asking: the same one is done once. @throws AppError `temporal_unavailable`
   */
  signalCompaction(
    conversation: SignalledConversation,
    asking: Pick<WaitingMessage, 'messageId' | 'position'>,
  ): Promise<void>
  /**
   * Stops a turn, or with null the one that is about to begin. False when no workflow runs.
   * @throws AppError `temporal_unavailable`
   */
  signalCancel(conversationId: ConversationId, turnId: TurnId | null): Promise<boolean>
  /** Takes a message out of the workflow's queue. Best effort: the store decides what is answered. */
  signalWithdraw(conversationId: ConversationId, messageId: MessageId): Promise<void>
  /**
   * Offers an answer to the workflow. The same answer may be offered again: it is taken once.
   * @throws AppError `no_worker` when nobody takes it until `deadlineMs` (Unix), `temporal_unavailable`
   */
  offerAnswer(conversationId: ConversationId, answer: AnswerRef, deadlineMs: number): Promise<AnswerVerdict>
  /** Undefined when no worker answers within a second. */
  queryProgress(conversationId: ConversationId): Promise<ToolProgressAnswer | undefined>
  /** Ends the workflow, if one runs; the next message starts a new one. @throws AppError `temporal_unavailable` */
  terminate(conversationId: ConversationId, reason: string): Promise<void>
  /**
   * Ends the workflow and those of its background calls, and removes every run of them that the server lists, with
   * their histories and search attributes.
   * The list lags behind by moments. May be repeated. @throws AppError `temporal_unavailable`
   */
  remove(conversationId: ConversationId): Promise<void>
  /** Removes runs that have continued as new, all but the latest `keep`. @throws AppError `temporal_unavailable` */
  removeOldRuns(conversationId: ConversationId, keep: number): Promise<void>
  isReachable(): Promise<boolean>
}

export type ConversationWorkflowsOptions = {
  connection: Connection
  workflows: WorkflowClient
  taskQueue: string
}

const callTimeoutMs = 5_000
const queryTimeoutMs = 1_000
/** A conversation of years may have hundreds of runs. */
const removalTimeoutMs = 15_000
/**
 * Of one conversation, in one process. A workflow may have 10 updates under way, and the server forgets all of
 * them with each one beyond: a crowd would keep itself from ever getting through.
 */
const answersAtATime = 3
/** Of one conversation, in one process: its workflow takes one at a time, and refuses a crowd that waits for long. */
const signalsAtATime = 3
/** How long the signals of one request may wait for their turn: clients wait 30 s for all that it takes. */
const signalWaitMs = 15_000

/** Talks to Temporal. */
export function createConversationWorkflows(options: ConversationWorkflowsOptions): ConversationWorkflows {
  const { connection, workflows, taskQueue } = options
  const answering = new Turnstile(answersAtATime)
  const signalling = new Turnstile(signalsAtATime)

  async function call<Result>(timeoutMs: number, run: () => Promise<Result>): Promise<Result> {
    try {
      return await connection.withDeadline(Date.now() + timeoutMs, run)
    } catch (error) {
      throw toTemporalError(error)
    }
  }

  async function isReachable(): Promise<boolean> {
    try {
      await call(queryTimeoutMs, () => connection.workflowService.getSystemInfo({}))
      return true
    } catch {
      return false
    }
  }

  async function signalWithStart(
    signal: string,
    { conversationId, owner, model, turns }: SignalledConversation,
    waiting: WaitingMessage,
    deadlineMs = Date.now() + signalWaitMs,
  ): Promise<void> {
    const input: ConversationInput = { conversationId, turns }
    const signalled = await signalling.pass(conversationId, deadlineMs, () =>
      call(callTimeoutMs, () =>
        workflows.signalWithStart(workflowType, {
          workflowId: workflowIdOf(conversationId),
          taskQueue,
          args: [input],
          signal,
          signalArgs: [waiting],
          staticSummary: owner.id,
          // Of what waits for a worker, owners are served in turn; a run that continues as new has it too.
          priority: { fairnessKey: owner.id },
          typedSearchAttributes: [
            { key: { name: 'ConversationState', type: searchAttributes.ConversationState }, value: 'idle' },
            { key: { name: 'Model', type: searchAttributes.Model }, value: model },
            ...(owner.wallet === undefined
              ? []
              : [{ key: { name: 'Wallet', type: searchAttributes.Wallet }, value: owner.wallet }]),
          ],
        }),
      ),
    )
    if (signalled === undefined) throw temporalUnavailable()
  }

  return {
    async signalMessages(conversation, messages) {
      const deadlineMs = Date.now() + signalWaitMs
      for (const message of messages) {
        await signalWithStart(signalNames.userMessage, conversation, message, deadlineMs)
      }
    },

    async startBackgroundCall(running) {
      try {
        await call(callTimeoutMs, () =>
          workflows.start(backgroundWorkflowType, {
            workflowId: callWorkflowIdOf(running.callId),
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            taskQueue,
            args: [running],
            staticSummary: running.call.summary,
          }),
        )
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      }
    },

    async cancelBackgroundCall(callId) {
      return isThere(
        call(callTimeoutMs, async () => {
          await workflows.getHandle(callWorkflowIdOf(callId)).cancel()
        }),
      )
    },

    async signalCompaction(conversation, asking) {
      await signalWithStart(signalNames.compactHistory, conversation, { ...asking, purpose: 'compact' })
    },

    async signalCancel(conversationId, turnId) {
      const handle = workflows.getHandle(workflowIdOf(conversationId))
      const stop = turnId === null ? {} : { turnId }
      return isThere(call(callTimeoutMs, () => handle.signal(signalNames.cancelTurn, stop)))
    },

    async signalWithdraw(conversationId, messageId) {
      try {
        await call(queryTimeoutMs, () =>
          workflows
            .getHandle(workflowIdOf(conversationId))
            .signal(signalNames.withdrawMessage, { messageId }),
        )
      } catch {
        // The turn that would have answered it comes to nothing.
      }
    },

    async offerAnswer(conversationId, answer, deadlineMs) {
      const verdict = await answering.pass(conversationId, deadlineMs, () =>
        offerAnswer({ connection, workflows, isReachable }, { conversationId, answer, deadlineMs }),
      )
      if (verdict === undefined) throw noWorker()
      return verdict
    },

    async queryProgress(conversationId) {
      try {
        return await call(queryTimeoutMs, () =>
          workflows
            .getHandle(workflowIdOf(conversationId))
            .query<ToolProgressAnswer>(queryNames.toolProgress),
        )
      } catch {
        // No worker, no workflow or no server: the log answers instead.
        return undefined
      }
    },

    async terminate(conversationId, reason) {
      await isThere(
        call(callTimeoutMs, async () => {
          await workflows.getHandle(workflowIdOf(conversationId)).terminate(reason)
        }),
      )
    },

    async remove(conversationId) {
      await call(removalTimeoutMs, () => removeRuns({ connection, workflows }, conversationId))
    },

    async removeOldRuns(conversationId, keep) {
      await call(removalTimeoutMs, () => removeOldRuns({ connection, workflows }, conversationId, keep))
    },

    isReachable,
  }
}

/** False when the workflow does not run. */
async function isThere(done: Promise<void>): Promise<boolean> {
  try {
    await done
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}
