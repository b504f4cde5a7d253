import type { CallId, OwnerId } from '../contracts/ids.ts'
import { toolResultTextLimit } from '../contracts/limits.ts'
import type { CallPermission, PermissionPolicy } from '../contracts/permission.ts'
import type { ToolError, ToolStatus } from '../contracts/tool-call.ts'
import type { FailedCallRef, ToolCallRef, ToolStepRef } from '../contracts/activity-interface.ts'
import type { Database } from './database.ts'
import type { NewEvent } from './event-log.ts'
import { type EventRow, type LogAnswer, toEventRow, toEventRowsJson } from './log-answer.ts'
import { publishNotice } from './publish-notice.ts'
import type { LargeResult } from './results.ts'
import { storableJson } from './storable-text.ts'

/** What a try of a call starts from. */
export type BegunTry =
  | {
      outcome: 'run'
      name: string
      /** The model's own JSON text. */
      arguments: string
      /** Tries that ended in an error of the tool's own. */
      failed: number
      /** Tries that took their worker with them. */
      lost: number
      owner: OwnerId
      wallet: string | null
      chainId: number | null
      /** The turn is being stopped. */
      cancelling: boolean
      /** The step's output is stored already. */
      stepDone: boolean
      /** The model has a tool to read what is cut from a result. */
      readsOn: boolean
      /** Outputs of earlier steps, by name. */
      earlier: Record<string, unknown>
    }
  /** Nothing allows the call now: its grant is gone and no try has begun, or it waits for a person. */
  | { outcome: 'ungranted'; owner: OwnerId; permissions: PermissionPolicy; permission: CallPermission }
  | { outcome: 'done'; status: ToolStatus }
  | { outcome: 'missing' }

export type CallEnd = {
  status: ToolStatus
  output: unknown
  /** In place of the output, when that has been stored in pieces. */
  large?: LargeResult
  error: ToolError | null
  /** What the model is given. */
  text: string
}

/** Claims one try of a call, or of one of its steps, and loads what it needs. */
export async function beginToolTry(
  database: Database,
  callId: CallId,
  stepIndex: number | null,
): Promise<BegunTry> {
  return database.call<BegunTry>('begin_tool_try', [callId, stepIndex])
}

/** Counts a try that failed by itself; a try handed over to another worker is uncounted instead. */
export async function endToolTry(database: Database, callId: CallId, failed: boolean): Promise<void> {
  await database.call('end_tool_try', [callId, failed])
}

/** Stores a step's output, given as `storableJson`, once. Returns false when the call is over. */
export async function finishStep(
  database: Database,
  { conversationId, turnId, callId, stepIndex, step }: ToolStepRef,
  outputJson: string,
  events: readonly NewEvent[],
): Promise<boolean> {
  const json = toEventRowsJson(events)
  const answer = await database.call<{ outcome: 'stored' | 'over'; log?: LogAnswer }>('finish_step', [
    conversationId,
    turnId,
    callId,
    stepIndex,
    step,
    outputJson,
    json,
  ])
  publishNotice(database, conversationId, answer.log, json)
  return answer.outcome === 'stored'
}

/**
 * Reads what steps of calls have put out so far, by their names, for a model to read: of a large output only the
 * beginning, as text. A call without any is left out.
 */
export async function readFinishedSteps(
  database: Database,
  callIds: readonly CallId[],
): Promise<Map<CallId, Record<string, unknown>>> {
  const rows = await database.rows<{ callId: CallId; steps: Record<string, unknown> }>(
    'read_finished_steps',
    `select call_id as "callId", json_object_agg(name, case when length(output::text) <= $2 then output
         else to_json(left(output::text, 1000) || '…') end order by step_index) as steps
       from tool_steps where call_id = any ($1) group by call_id`,
    [callIds, toolResultTextLimit],
  )
  return new Map(rows.map(({ callId, steps }) => [callId, steps]))
}

/** The end of one of several calls. */
export type EndedCall = { callId: CallId; end: CallEnd; events: readonly NewEvent[] }

/** Stores the end of a call, once. Returns the status that stands: an earlier end's, if there was one. */
export async function finishCall(
  database: Database,
  { conversationId, turnId, callId }: ToolCallRef | FailedCallRef,
  end: CallEnd,
  events: readonly NewEvent[],
): Promise<ToolStatus> {
  const statuses = await finishCalls(database, { conversationId, turnId }, [{ callId, end, events }])
  return statuses.get(callId) ?? end.status
}

/** Stores the ends of calls of one turn, each once. Returns the statuses that stand; of a call that is gone none. */
export async function finishCalls(
  database: Database,
  { conversationId, turnId }: Pick<ToolCallRef, 'conversationId' | 'turnId'>,
  ended: readonly EndedCall[],
): Promise<Map<CallId, ToolStatus>> {
  const answer = await database.call<{
    statuses: Record<CallId, ToolStatus>
    /** What was appended, when anything was. */
    events?: EventRow[]
    log?: LogAnswer
  }>('finish_calls', [conversationId, turnId, storableJson(ended.map(toEndRow))])
  if (answer.events !== undefined) {
    publishNotice(database, conversationId, answer.log, JSON.stringify(answer.events))
  }
  return new Map(Object.entries(answer.statuses))
}

function toEndRow({ callId, end: { status, output, large, error, text }, events }: EndedCall): object {
  return {
    id: callId,
    status,
    output,
    text,
    ...(error === null ? {} : { error }),
    ...(large === undefined ? {} : { result: large }),
    events: events.map(toEventRow),
  }
}

/** Records a new decision about a call of which no try has begun. */
export async function recordPermission(
  database: Database,
  callId: CallId,
  permission: CallPermission,
): Promise<void> {
  await database.rows(
    'record_permission',
    'update tool_calls set permission = $2 where id = $1 and status is null and tries_begun = 0',
    [callId, storableJson(permission)],
  )
}
