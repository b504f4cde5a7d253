import type { Activities } from '../contracts/activity-interface.ts'
import type { ActivityServices } from './activity-services.ts'
import { beginBackgroundCall } from './begin-background-call.ts'
import { callModel } from './call-model.ts'
import { compactHistory } from './compaction/compact-history.ts'
import { failToolCall } from './fail-tool-call.ts'
import { finishTurn } from './finish-turn.ts'
import { resolveRequest } from './resolve-request.ts'
import { runTool } from './run-tool.ts'
import { runToolStep } from './run-tool-step.ts'
import { wakeConversation } from './wake-conversation.ts'

/** Binds every activity to its services. */
export function createActivities(services: ActivityServices): Activities {
  return {
    callModel: (round) => callModel(round, services),
    compactHistory: (round) => compactHistory(round, services),
    runTool: (call) => runTool(call, services),
    runToolStep: (step) => runToolStep(step, services),
    resolveRequest: (request) => resolveRequest(request, services),
    failToolCall: (call) => failToolCall(call, services),
    beginBackgroundCall: (call) => beginBackgroundCall(call, services),
    wakeConversation: (call) => wakeConversation(call, services),
    finishTurn: (end) => finishTurn(end, services),
  }
}
