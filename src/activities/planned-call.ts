import { callIdOf } from '../contracts/ids.ts'
import { toolCallLimit } from '../contracts/limits.ts'
import type { EventBody } from '../contracts/event.ts'
import type { ScheduledCall, ToolError } from '../contracts/tool-call.ts'
import type { RoundRef } from '../contracts/turn.ts'
import type { ModelToolCall } from '../models/model-provider.ts'
import type { NewEvent } from '../store/event-log.ts'
import type { NewCall } from '../store/rounds.ts'
import { parseInput } from '../toolkit/parse-input.ts'
import type { Tool } from '../toolkit/tool.ts'
import type { ActivitySettings } from './activity-services.ts'
import { toErrorText } from './result-text.ts'

/** A call that a reply asked for: its row, its events, and what the workflow schedules, if anything. */
export type PlannedCall = { row: NewCall; events: NewEvent[]; scheduled: ScheduledCall | undefined }

export type CallPlanner = {
  round: RoundRef
  tools: readonly Tool[]
  settings: Pick<ActivitySettings, 'toolTimeoutMs'>
}

/** A tool's name is shorter; what a model makes up may be of any length. */
const nameLimitChars = 64

/**
 * Checks a call before anything runs. One that cannot run (unknown tool, invalid input, one too many) ends
 * here, without an activity, as an error that the model reads.
 */
export function planCall(call: ModelToolCall, index: number, planner: CallPlanner): PlannedCall {
  const { round, tools, settings } = planner
  const callId = callIdOf(round.turnId, round.round, index)
  const tool = tools.find(({ name }) => name === call.name)
  const parsed = tool === undefined ? unknownTool(call.name, tools) : parseInput(tool, call.arguments)
  const name = call.name.slice(0, nameLimitChars)
  const row = { callId, providerCallId: call.id, name, arguments: call.arguments }
  const error = index >= toolCallLimit ? tooManyCalls() : parsed.ok ? undefined : parsed.error
  const started: EventBody = {
    type: 'tool.started',
    callId,
    name,
    title: tool !== undefined && parsed.ok ? titleOf(tool, parsed.input) : name,
    effect: tool?.effect ?? 'read',
    input: parsed.ok ? parsed.input : call.arguments,
    ...(tool?.kind === 'stepped' ? { steps: Object.keys(tool.steps) } : {}),
    background: false,
  }
  const events: NewEvent[] = [{ key: `${callId}:started`, turnId: round.turnId, body: started }]
  if (error !== undefined) {
    events.push({
      key: `${callId}:completed`,
      turnId: round.turnId,
      body: { type: 'tool.completed', callId, status: 'error', error },
    })
    return {
      row: { ...row, end: { status: 'error', error, text: toErrorText(error) } },
      events,
      scheduled: undefined,
    }
  }
  return {
    row,
    events,
    scheduled: tool === undefined ? undefined : toScheduled(callId, tool, call, settings),
  }
}

function toScheduled(
  callId: string,
  tool: Tool,
  call: ModelToolCall,
  { toolTimeoutMs }: CallPlanner['settings'],
): ScheduledCall {
  const timeoutMs = tool.timeoutMs ?? toolTimeoutMs
  const address = /0x[0-9a-fA-F]{40}(?![0-9a-fA-F])/.exec(call.arguments)?.[0]
  return {
    callId,
    name: tool.name,
    summary: address === undefined ? tool.name : `${tool.name} ${address.slice(0, 6)}…${address.slice(-4)}`,
    timeoutMs,
    steps:
      tool.kind === 'single'
        ? []
        : Object.entries(tool.steps).map(([name, step]) => ({
            name,
            timeoutMs: step.timeoutMs ?? toolTimeoutMs,
          })),
  }
}

function titleOf(tool: Tool, input: unknown): string {
  try {
    return tool.title(input).slice(0, 80)
  } catch {
    return tool.name
  }
}

function unknownTool(name: string, tools: readonly Tool[]): { ok: false; error: ToolError } {
  const known = tools.map((tool) => tool.name).join(', ')
  const message = `There is no tool ${name.slice(0, nameLimitChars)}. Available: ${known}.`
  return { ok: false, error: { code: 'tool_unknown', message, retryable: false } }
}

function tooManyCalls(): ToolError {
  return {
    code: 'too_many_tool_calls',
    message: `A reply may ask for ${toolCallLimit} tool calls. Ask for the rest in the next one.`,
    retryable: true,
  }
}
