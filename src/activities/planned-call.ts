import { type CallId, callIdOf, type TurnId } from '../contracts/ids.ts'
import { toolCallLimit } from '../contracts/limits.ts'
import type { EventBody } from '../contracts/event.ts'
import type { ScheduledCall, ToolError } from '../contracts/tool-call.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { ModelToolCall } from '../models/model-provider.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { NewCall } from '../store/rounds.ts'
import { isBackgroundTool } from '../toolkit/is-background-tool.ts'
import { parseInput } from '../toolkit/parse-input.ts'
import type { SingleTool, Tool } from '../toolkit/tool.ts'
import type { ActivitySettings } from './activity-services.ts'
import { type FailedEnd, toFailedEnd } from './to-failed-end.ts'
import { toolCompleted } from './tool-completed.ts'

/** A call that a reply asked for: its row, its events, and what the workflow schedules, if anything. */
export type PlannedCall = {
  row: NewCall
  events: NewEvent[]
  scheduled: ScheduledCall | undefined
  /** With what it runs in the model's own activity, if all calls of the reply can. */
  quick?: QuickCall
}

/** A call of a quick tool that nobody has to be asked about. */
export type QuickCall = { callId: CallId; tool: SingleTool; arguments: string }

/** One that is over before it began. */
export type EndedCall = PlannedCall & { scheduled: undefined }

/** One that can run: what there is to decide about. */
export type ReadyCall = PlannedCall & {
  scheduled: ScheduledCall
  tool: Tool
  /** Validated. */
  input: unknown
  title: string
}

export type CallPlanner = {
  round: RoundRef
  tools: readonly Tool[]
  settings: Pick<ActivitySettings, 'toolTimeoutMs'>
}

/** A tool's name is shorter; what a model makes up may be of any length. */
const nameLimitChars = 64

/**
 * Checks a call before anything is decided about it. One that cannot run (unknown tool, invalid input, one too
 * many) ends here, without an activity, as an error that the model reads.
 */
export function planCall(
  call: ModelToolCall,
  index: number,
  { round: { turnId, round }, tools, settings }: CallPlanner,
): ReadyCall | EndedCall {
  const callId = callIdOf(turnId, round, index)
  const tool = tools.find(({ name }) => name === call.name)
  const checked = checkCall(call, tool, tools)
  const name = call.name.slice(0, nameLimitChars)
  const title = checked.ok ? titleOf(checked.tool, checked.input) : name
  const started: EventBody = {
    type: 'tool.started',
    callId,
    name,
    title,
    effect: tool?.effect ?? 'read',
    input: checked.ok ? checked.input : call.arguments,
    ...(tool?.kind === 'stepped' ? { steps: Object.keys(tool.steps) } : {}),
    background: checked.ok && isBackgroundTool(checked.tool),
  }
  const planned = {
    row: { callId, providerCallId: call.id, name, arguments: call.arguments },
    events: [{ key: `${callId}:started`, turnId, body: started }],
  }
  if (index >= toolCallLimit) return endCall(planned, turnId, toFailedEnd('error', tooManyCalls()))
  if (!checked.ok) return endCall(planned, turnId, toFailedEnd('error', checked.error))
  const scheduled = toScheduled(callId, checked.tool, call, settings)
  return { ...planned, scheduled, tool: checked.tool, input: checked.input, title }
}

/** Ends a call before it began. */
export function endCall(
  { row, events }: Pick<PlannedCall, 'row' | 'events'>,
  turnId: TurnId,
  end: FailedEnd,
): EndedCall {
  const completed = toolCompleted({ turnId, callId: row.callId }, end)
  return { row: { ...row, end }, events: [...events, completed], scheduled: undefined }
}

type CheckedCall = { ok: true; tool: Tool; input: unknown } | { ok: false; error: ToolError }

function checkCall(call: ModelToolCall, tool: Tool | undefined, tools: readonly Tool[]): CheckedCall {
  if (tool === undefined) return { ok: false, error: unknownTool(call.name, tools) }
  const parsed = parseInput(tool, call.arguments)
  return parsed.ok ? { ok: true, tool, input: parsed.input } : parsed
}

function toScheduled(
  callId: string,
  tool: Tool,
  call: ModelToolCall,
  { toolTimeoutMs }: CallPlanner['settings'],
): ScheduledCall {
  const steps = tool.kind === 'stepped' ? Object.entries(tool.steps) : []
  const address = /0x[0-9a-fA-F]{40}(?![0-9a-fA-F])/.exec(call.arguments)?.[0]
  return {
    callId,
    name: tool.name,
    summary: address === undefined ? tool.name : `${tool.name} ${address.slice(0, 6)}…${address.slice(-4)}`,
    timeoutMs: tool.timeoutMs ?? toolTimeoutMs,
    steps: steps.map(([name, step]) => ({ name, timeoutMs: step.timeoutMs ?? toolTimeoutMs })),
    ...(isBackgroundTool(tool) ? { background: true } : {}),
  }
}

function titleOf(tool: Tool, input: unknown): string {
  try {
    return tool.title(input).slice(0, 80)
  } catch {
    return tool.name
  }
}

function unknownTool(name: string, tools: readonly Tool[]): ToolError {
  const known = tools.map((tool) => tool.name).join(', ')
  const message = `There is no tool ${name.slice(0, nameLimitChars)}. Available: ${known}.`
  return { code: 'tool_unknown', message, retryable: false }
}

function tooManyCalls(): ToolError {
  return {
    code: 'too_many_tool_calls',
    message: `A reply may ask for ${toolCallLimit} tool calls. Ask for the rest in the next one.`,
    retryable: true,
  }
}
