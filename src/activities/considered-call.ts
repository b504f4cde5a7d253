import { AppError } from '../contracts/errors.ts'
import type { QuestionForm } from '../contracts/human-request.ts'
import type {
  PermissionPolicy,
  PermissionRule,
  PermissionSubject,
  PermissionVerdict,
} from '../contracts/permission.ts'
import type { ToolError } from '../contracts/tool-call.ts'
import type { RoundRef } from '../contracts/turn.ts'
import { decideCall } from '../permissions/decide-call.ts'
import { toCallTargets } from '../toolkit/to-call-targets.ts'
import { toQuestionForm } from '../toolkit/to-question-form.ts'
import { endCall, type EndedCall, type ReadyCall } from './planned-call.ts'
import { toFailedEnd } from './to-failed-end.ts'

/** A call with what the rules and the policy say of it, before any grant. */
export type ConsideredCall = ReadyCall & {
  subject: PermissionSubject
  verdict: PermissionVerdict
  /** Of a tool that asks a person. */
  form: QuestionForm | undefined
}

export type CallJudge = {
  round: RoundRef
  /** Of the conversation. */
  policy: PermissionPolicy
  /** Of the operator. */
  rules: readonly PermissionRule[]
  /** The conversation's, or the deployment's first. */
  chainId: number
  /** Tells the operator of a tool that could not even say what its call is about. */
  onToolFault(tool: string, fault: unknown): void
}

/** Decides about a call; one whose tool cannot say what it is directed at, or what it asks, ends as an error. */
export function considerCall(call: ReadyCall, judge: CallJudge): ConsideredCall | EndedCall {
  const { tool, input, row } = call
  const { conversationId, turnId } = judge.round
  try {
    const subject: PermissionSubject = {
      callId: row.callId,
      conversationId,
      tool: tool.name,
      effect: tool.effect,
      targets: toCallTargets(tool, input, judge),
      asksPerson: tool.kind === 'asking',
    }
    const form = tool.kind === 'asking' ? toQuestionForm(tool, input) : undefined
    return { ...call, subject, verdict: decideCall(subject, judge), form }
  } catch (fault) {
    judge.onToolFault(tool.name, fault)
    return endCall(call, turnId, toFailedEnd('error', toToolError(fault)))
  }
}

function toToolError(fault: unknown): ToolError {
  const message = fault instanceof AppError ? fault.message : 'The tool failed. This is a fault of the tool.'
  return { code: 'tool_failed', message, retryable: false }
}
