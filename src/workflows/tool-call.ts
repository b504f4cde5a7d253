import type { FailedCallRef } from '../contracts/activity-interface.ts'
import type { RequestRef } from '../contracts/human-request.ts'
import type { CallOutcome, ScheduledCall } from '../contracts/tool-call.ts'
import type { Asked } from './open-requests.ts'

/** What a tool call needs from the world. */
export interface ToolCallPorts {
  /** Waits for a person. Rejects when the turn is stopped. */
  ask(request: RequestRef): Promise<Asked>
  runTool(call: ScheduledCall): Promise<CallOutcome>
  runToolStep(call: ScheduledCall, stepIndex: number): Promise<CallOutcome>
  /** Has a call go on as a workflow of its own. */
  runInBackground(call: ScheduledCall): Promise<CallOutcome>
  /** Writes the end of a call whose activity could not. */
  failToolCall(call: ScheduledCall, failure: Pick<FailedCallRef, 'status' | 'code'>): Promise<CallOutcome>
  /** Told before it waits for a person, and before each step, for the progress query. */
  onWait(call: ScheduledCall, request: RequestRef): void
  onStep(call: ScheduledCall, stepIndex: number): void
  onRun(call: ScheduledCall): void
  /** What an activity's failure means; `cancelled` lets the turn end the call. */
  classify(error: unknown): 'cancelled' | Pick<FailedCallRef, 'status' | 'code'>
}

/**
 * Runs one tool call to its end, stopping for a person as often as needed; an outcome that still waits means
 * that the turn is to be cut. Each step is an activity of its own, so that a crash in step 3 resumes at step 3.
 * A failed tool is an outcome that the model reads, not an exception.
 */
export async function runToolCall(call: ScheduledCall, ports: ToolCallPorts): Promise<CallOutcome> {
  try {
    let { request } = call
    for (;;) {
      if (request !== undefined) {
        ports.onWait(call, request)
        const asked = await ports.ask(request)
        if (asked === 'parked') return { status: 'waiting', request }
        const decided = asked.calls[call.callId] ?? 'cancelled'
        if (decided !== 'run') return { status: decided }
      }
      ports.onRun(call)
      const outcome = await run(call, ports)
      if (outcome.status !== 'waiting') return outcome
      request = outcome.request
    }
  } catch (error) {
    const failure = ports.classify(error)
    if (failure === 'cancelled') return { status: 'cancelled' }
    return ports.failToolCall(call, failure)
  }
}

function run(call: ScheduledCall, ports: ToolCallPorts): Promise<CallOutcome> {
  if (call.background === true) return ports.runInBackground(call)
  return call.steps.length === 0 ? ports.runTool(call) : runSteps(call, ports)
}

async function runSteps(call: ScheduledCall, ports: ToolCallPorts): Promise<CallOutcome> {
  let outcome: CallOutcome = { status: 'ok' }
  for (const [stepIndex] of call.steps.entries()) {
    ports.onStep(call, stepIndex)
    outcome = await ports.runToolStep(call, stepIndex)
    if (outcome.status !== 'ok') return outcome
  }
  return outcome
}
