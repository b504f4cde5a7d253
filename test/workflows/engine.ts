import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import { Context } from '@temporalio/activity'
import { isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'

import type { Activities } from '../../src/contracts/activity-interface.ts'
import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { AnsweredRequest, AnswerRef, RequestOutcome } from '../../src/contracts/human-request.ts'
import { callWorkflowIdOf, workflowIdOf } from '../../src/contracts/ids.ts'
import {
  backgroundQueueOf,
  queryNames,
  searchAttributes,
  signalNames,
  updateNames,
  workflowType,
} from '../../src/contracts/temporal-names.ts'
import type { ToolProgressAnswer } from '../../src/contracts/tool-call.ts'
import type { ConversationInput, RoundOutcome, StatusAnswer } from '../../src/contracts/turn.ts'
import { buildBundle } from '../../src/worker/build-bundle.ts'
import { temporalAddress } from '../support/servers.ts'

/** One conversation in the real engine, whose activities are the test's own functions. */
export type EngineConversation = {
  id: string
  handle: WorkflowHandle
  /** What activities were asked, in order, as `callModel t1 0` or `runTool c0`. */
  asked: string[]
  /** Resolves when that was asked. */
  untilAsked(what: string): Promise<void>
  /** Starts the conversation with its first message, or adds one. */
  post(messageId: string, options?: { padding?: string; busyPolicy?: BusyPolicy }): Promise<void>
  /** Tells of the end of a background call. */
  tell(noteId: string, position: number): Promise<void>
  /** Stops a background call. */
  cancelCall(callId: string): Promise<void>
  /** Asks for the older part to be summed up. */
  compact(askingId: string): Promise<void>
  withdraw(messageId: string): Promise<void>
  stop(turnId?: string): Promise<void>
  /** @throws WorkflowUpdateFailedError when it is refused */
  answer(requestId: string, answerId: string, outcome?: RequestOutcome): Promise<AnsweredRequest>
  status(): Promise<StatusAnswer>
  progress(): Promise<ToolProgressAnswer>
  /** What the Temporal UI shows: the current details, and whether a person is needed. */
  details(): Promise<string>
  needsHuman(): Promise<boolean>
  /** Resolves when every call that is open waits for a person. */
  untilWaiting(): Promise<StatusAnswer>
  /** Resolves when nothing runs and nothing waits. */
  untilIdle(turns: number): Promise<StatusAnswer>
}

export type Engine = {
  environment: TestWorkflowEnvironment
  taskQueue: string
  open(activities?: Partial<Activities>, input?: Partial<ConversationInput>): EngineConversation
  close(): Promise<void>
}

export const success: RoundOutcome = { kind: 'finished', outcome: 'success', model: 'scripted/demo' }

/** A worker of its own on the shared server. */
export async function openEngine(
  options: Pick<WorkerOptions, 'maxCachedWorkflows' | 'maxConcurrentWorkflowTaskExecutions'> = {},
): Promise<Engine> {
  // Turns fail on purpose here; the assertions say what went wrong.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] })
  const environment = await TestWorkflowEnvironment.createFromExistingServer({
    address: await temporalAddress(),
  })
  const taskQueue = `test-${randomBytes(6).toString('hex')}`
  const conversations = new Map<string, Activities>()
  const activitiesOf = ({ conversationId }: { conversationId: string }): Activities => {
    const found = conversations.get(conversationId)
    if (found === undefined) throw new Error(`Nobody plays the activities of ${conversationId}.`)
    return found
  }
  const routed: Activities = {
    callModel: (round) => activitiesOf(round).callModel(round),
    compactHistory: (round) => activitiesOf(round).compactHistory(round),
    runTool: (call) => activitiesOf(call).runTool(call),
    runToolStep: (step) => activitiesOf(step).runToolStep(step),
    resolveRequest: (request) => activitiesOf(request).resolveRequest(request),
    failToolCall: (call) => activitiesOf(call).failToolCall(call),
    finishTurn: (end) => activitiesOf(end).finishTurn(end),
    beginBackgroundCall: (call) => activitiesOf(call).beginBackgroundCall(call),
    wakeConversation: (call) => activitiesOf(call).wakeConversation(call),
  }
  const shared = {
    connection: environment.nativeConnection,
    maxHeartbeatThrottleInterval: '50ms',
    defaultHeartbeatThrottleInterval: '50ms',
  } satisfies Partial<WorkerOptions>
  const background = await Worker.create({
    ...shared,
    taskQueue: backgroundQueueOf(taskQueue),
    activities: { runTool: routed.runTool, runToolStep: routed.runToolStep },
  })
  const worker = await Worker.create({
    ...shared,
    taskQueue,
    workflowBundle: await buildBundle(),
    activities: { ...routed },
    ...options,
  })
  const running = Promise.all([worker.run(), background.run()])
  return {
    environment,
    taskQueue,
    open(activities = {}, input = {}) {
      const id = `c_${randomBytes(6).toString('hex')}`
      const opened = openConversation(id, environment, taskQueue, input)
      conversations.set(id, recorded(activities, opened.note))
      return opened
    },
    async close() {
      worker.shutdown()
      background.shutdown()
      await running
      await environment.teardown()
    },
  }
}

/** Activities that do as the test says, or end well; every call is told to `note`. */
function recorded(given: Partial<Activities>, note: (what: string) => void): Activities {
  return {
    async callModel(round) {
      note(`callModel ${round.turnId.split('.').at(-1)} ${round.round}`)
      return given.callModel?.(round) ?? success
    },
    async compactHistory(round) {
      note(`compactHistory ${round.turnId.split('.').at(-1)} ${round.round}`)
      return given.compactHistory?.(round) ?? success
    },
    async runTool(call) {
      note(`runTool ${call.callId}`)
      return given.runTool?.(call) ?? { status: 'ok' }
    },
    async runToolStep(step) {
      note(`runToolStep ${step.callId} ${step.step}`)
      return given.runToolStep?.(step) ?? { status: 'ok' }
    },
    async resolveRequest(request) {
      note(`resolveRequest ${request.requestId} ${request.answerId}`)
      return given.resolveRequest?.(request) ?? { calls: {} }
    },
    async failToolCall(call) {
      note(`failToolCall ${call.callId} ${call.code}`)
      return given.failToolCall?.(call) ?? { status: call.status }
    },
    async finishTurn(end) {
      note(`finishTurn ${end.turnId.split('.').at(-1)} ${end.outcome} ${end.code}`)
      return given.finishTurn?.(end)
    },
    async beginBackgroundCall(call) {
      note(`beginBackgroundCall ${call.callId}`)
      return given.beginBackgroundCall?.(call) ?? { status: 'running' }
    },
    async wakeConversation(call) {
      note(`wakeConversation ${call.callId}`)
      return given.wakeConversation?.(call)
    },
  }
}

function openConversation(
  id: string,
  { client }: TestWorkflowEnvironment,
  taskQueue: string,
  input: Partial<ConversationInput>,
) {
  const workflowId = workflowIdOf(id)
  const handle = client.workflow.getHandle(workflowId)
  const asked: string[] = []
  const watchers = new Set<() => void>()
  const status = () => handle.query<StatusAnswer>(queryNames.status)
  const args: [ConversationInput] = [{ conversationId: id, turns: 0, ...withOwnIds(id, input) }]
  async function untilQuiet(isWanted: (answer: StatusAnswer) => boolean): Promise<StatusAnswer> {
    for (;;) {
      const { pendingActivities, pendingWorkflowTask } = (await handle.describe()).raw
      const quiet = (pendingActivities ?? []).length === 0 && !pendingWorkflowTask
      // A query is a task as well: only a quiet conversation is asked.
      const answer = quiet ? await status() : undefined
      if (answer !== undefined && isWanted(answer)) return answer
      await pause(10)
    }
  }
  async function signalWithStart(signal: string, argument: object): Promise<void> {
    const options = {
      workflowId,
      taskQueue,
      args,
      signal,
      signalArgs: [argument],
      // Without a cache the SDK drops a task that arrives while it evicts; it comes again after this time.
      workflowTaskTimeout: 1_000,
    }
    await client.workflow.signalWithStart(workflowType, options)
  }
  return {
    id,
    handle,
    asked,
    note(what: string) {
      asked.push(what)
      for (const watch of watchers) watch()
    },
    async untilAsked(what: string) {
      if (asked.includes(what)) return
      const { promise, resolve } = Promise.withResolvers<void>()
      watchers.add(() => {
        if (asked.includes(what)) resolve()
      })
      await promise
    },
    post: (messageId: string, options: { padding?: string; busyPolicy?: BusyPolicy } = {}) =>
      signalWithStart(signalNames.userMessage, { messageId, position: positionOf(messageId), ...options }),
    tell: (noteId: string, position: number) =>
      signalWithStart(signalNames.userMessage, { messageId: noteId, position, note: true }),
    async cancelCall(callId: string) {
      await client.workflow.getHandle(callWorkflowIdOf(callId)).cancel()
    },
    compact: (askingId: string) =>
      signalWithStart(signalNames.compactHistory, {
        messageId: askingId,
        position: positionOf(askingId),
        purpose: 'compact',
      }),
    withdraw: (messageId: string) => signalWithStart(signalNames.withdrawMessage, { messageId }),
    stop: (turnId?: string) =>
      signalWithStart(signalNames.cancelTurn, turnId === undefined ? {} : { turnId: `${id}.${turnId}` }),
    async answer(requestId: string, answerId: string, outcome: RequestOutcome = 'approved') {
      const update = { args: [{ requestId, answerId, outcome }] satisfies [AnswerRef], updateId: answerId }
      for (;;) {
        try {
          return await handle.executeUpdate<AnsweredRequest, [AnswerRef]>(updateNames.answerRequest, update)
        } catch (error) {
          const cause = error instanceof ServiceError ? error.cause : error
          if (!isGrpcServiceError(cause) || !passingStatuses.includes(cause.code)) throw error
          await pause(10)
        }
      }
    },
    status,
    async details() {
      const { currentDetails } = await handle.query<{ currentDetails: string }>(
        '__temporal_workflow_metadata',
      )
      return currentDetails
    },
    async needsHuman() {
      const { typedSearchAttributes } = await handle.describe()
      return typedSearchAttributes.get({ name: 'NeedsHuman', type: searchAttributes.NeedsHuman }) ?? false
    },
    untilWaiting: () => untilQuiet(({ state }) => state === 'waiting'),
    progress: () => handle.query<ToolProgressAnswer>(queryNames.toolProgress),
    untilIdle: (turns: number) =>
      untilQuiet((answer) => answer.state === 'idle' && answer.queued === 0 && answer.turns >= turns),
  }
}

/**
 * Failed precondition: its task is being retried. Resource exhausted: a run takes ten updates at a time. Unavailable:
 * the task that had it ran out of time.
 */
const passingStatuses: readonly unknown[] = [9, 8, 14]

/** Messages are called m1, m2 and so on, in the order in which they are accepted. */
function positionOf(messageId: string): number {
  return Number(messageId.slice(1))
}

/** A turn that an earlier run began is turn 1 of this conversation. */
function withOwnIds(id: string, input: Partial<ConversationInput>): Partial<ConversationInput> {
  const cut = input.carried?.turn
  if (input.carried === undefined || cut === undefined) return input
  const turn = { ...cut.turn, conversationId: id, turnId: `${id}.t1` }
  return { ...input, carried: { ...input.carried, turn: { ...cut, turn } } }
}

/** Keeps an activity alive until Temporal says that it is cancelled. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), 20)
  try {
    return await context.cancelled
  } finally {
    clearInterval(timer)
  }
}
