import {
  type Connection,
  isGrpcServiceError,
  type WorkflowClient,
  WorkflowNotFoundError,
} from '@temporalio/client'

import { AppError } from '../contracts/errors.ts'
import {
  type ConversationId,
  type MessageId,
  type OwnerId,
  type TurnId,
  workflowIdOf,
} from '../contracts/ids.ts'
import { queryNames, searchAttributes, signalNames, workflowType } from '../contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../contracts/tool-call.ts'
import type { ConversationInput } from '../contracts/turn.ts'

/** What the api asks of conversations' workflows. */
export interface ConversationWorkflows {
  /** Tells the workflow of a message, starting it when needed. @throws AppError `temporal_unavailable` */
  signalMessage(message: {
    conversationId: ConversationId
    messageId: MessageId
    position: number
    owner: { id: OwnerId; wallet?: string }
    model: string
    turns: number
  }): Promise<void>
  /**
   * Stops a turn, or with null the one that is about to begin. False when no workflow runs.
   * @throws AppError `temporal_unavailable`
   */
  signalCancel(conversationId: ConversationId, turnId: TurnId | null): Promise<boolean>
  /** Undefined when no worker answers within a second. */
  queryProgress(conversationId: ConversationId): Promise<ToolProgressAnswer | undefined>
  /** Ends the workflow, if one runs; the next message starts a new one. @throws AppError `temporal_unavailable` */
  terminate(conversationId: ConversationId, reason: string): Promise<void>
  isReachable(): Promise<boolean>
}

export type ConversationWorkflowsOptions = {
  connection: Connection
  workflows: WorkflowClient
  taskQueue: string
}

const callTimeoutMs = 5_000
const queryTimeoutMs = 1_000

/** Talks to Temporal. */
export function createConversationWorkflows(options: ConversationWorkflowsOptions): ConversationWorkflows {
  const { connection, workflows, taskQueue } = options

  async function call<Result>(timeoutMs: number, run: () => Promise<Result>): Promise<Result> {
    try {
      return await connection.withDeadline(Date.now() + timeoutMs, run)
    } catch (error) {
      throw toTemporalError(error)
    }
  }

  return {
    async signalMessage({ conversationId, messageId, position, owner, model, turns }) {
      const input: ConversationInput = { conversationId, turns }
      await call(callTimeoutMs, () =>
        workflows.signalWithStart(workflowType, {
          workflowId: workflowIdOf(conversationId),
          taskQueue,
          args: [input],
          signal: signalNames.userMessage,
          signalArgs: [{ messageId, position }],
          staticSummary: owner.id,
          typedSearchAttributes: [
            { key: { name: 'ConversationState', type: searchAttributes.ConversationState }, value: 'idle' },
            { key: { name: 'Model', type: searchAttributes.Model }, value: model },
            ...(owner.wallet === undefined
              ? []
              : [{ key: { name: 'Wallet', type: searchAttributes.Wallet }, value: owner.wallet }]),
          ],
        }),
      )
    },

    async signalCancel(conversationId, turnId) {
      const handle = workflows.getHandle(workflowIdOf(conversationId))
      const stop = turnId === null ? {} : { turnId }
      return isThere(call(callTimeoutMs, () => handle.signal(signalNames.cancelTurn, stop)))
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

    async isReachable() {
      try {
        await call(queryTimeoutMs, () => connection.workflowService.getSystemInfo({}))
        return true
      } catch {
        return false
      }
    },
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

// gRPC status codes: deadline exceeded, resource exhausted, unavailable.
const unavailableCodes: readonly unknown[] = [4, 8, 14]

function toTemporalError(error: unknown): unknown {
  if (!isUnavailable(error)) return error
  return new AppError(
    'temporal_unavailable',
    'The workflow server does not answer. Repeat with the same message id.',
    {
      cause: error,
      retryAfterMs: 1_000,
    },
  )
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (isGrpcServiceError(error)) return unavailableCodes.includes(error.code)
  return error.cause !== undefined && isUnavailable(error.cause)
}
