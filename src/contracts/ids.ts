/** Ids of the domain: opaque strings, made so that a retried activity arrives at the same one. */

export type OwnerId = string
export type ConversationId = string
export type MessageId = string
export type TurnId = string
export type CallId = string
export type RequestId = string
export type PlanId = string

/** Id of the nth turn (from 1) of a conversation. */
export function turnIdOf(conversationId: ConversationId, turn: number): TurnId {
  return `${conversationId}.t${turn}`
}

/** The conversation of a turn, by the turn's id. */
export function conversationIdOf(turnId: TurnId): ConversationId {
  return turnId.replace(/\.t\d+$/, '')
}

/** Id of the assistant message that one round of a turn writes. */
export function answerIdOf(turnId: TurnId, round: number): MessageId {
  return `${turnId}.r${round}`
}

/**
 * Id of one tool call. Providers repeat their own ids (`call_0` in every reply), so those are used on
 * their wire only.
 */
export function callIdOf(turnId: TurnId, round: number, index: number): CallId {
  return `${turnId}.r${round}.c${index}`
}

/** Id of the one permission request for all calls of a round that need it. */
export function permissionIdOf(turnId: TurnId, round: number): RequestId {
  return `${turnId}.r${round}.p`
}

/** Id of the nth request (from 0) that one call opens by itself. */
export function requestIdOf(callId: CallId, index: number): RequestId {
  return `${callId}.q${index}`
}

/** Id of the note that tells the model of the end of a background call. */
export function noteIdOf(callId: CallId): MessageId {
  return `n_${callId}`
}

/** The Temporal workflow id of a conversation. */
export function workflowIdOf(conversationId: ConversationId): string {
  return `conversation:${conversationId}`
}

/** The Temporal workflow id of a background call; it begins with that of all of its conversation's. */
export function callWorkflowIdOf(callId: CallId): string {
  return `call:${callId}`
}

/** What the workflow ids of all background calls of a conversation begin with. */
export function callWorkflowPrefixOf(conversationId: ConversationId): string {
  return callWorkflowIdOf(`${conversationId}.`)
}
