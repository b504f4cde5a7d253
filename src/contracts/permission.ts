import type { PermissionItem } from './human-request.ts'
import type { CallId, ConversationId, RequestId } from './ids.ts'
import type { ToolEffect } from './tool-call.ts'

/**
 * What happens to a call that no rule and no grant decides. `ask`: a person is asked about every tool;
 * `allowReads`: only about what others could feel (`sign`, `external`); `denyAll`: nobody is asked and
 * nothing runs, for unattended work.
 */
export const permissionPolicies = ['ask', 'allowReads', 'denyAll'] as const
export type PermissionPolicy = (typeof permissionPolicies)[number]

/** What a call is directed at; made by the tool's code from validated input. Contracts are checksummed. */
export type CallTargets = { chainId?: number; contracts: string[]; domains: string[] }

/** What the policy decides about. */
export type PermissionSubject = {
  callId: CallId
  conversationId: ConversationId
  tool: string
  effect: ToolEffect
  targets: CallTargets
  /** The tool asks a person itself: no further question, but an unattended conversation has nobody to ask. */
  asksPerson: boolean
}

/** A decision with what made it: `operator:<name>`, `grant:<id>`, `policy:<policy>`. */
export type PermissionVerdict =
  | { decision: 'allow'; rule: string; grantIds?: string[] }
  | { decision: 'deny'; rule: string; reason: string }
  | { decision: 'ask'; rule: string }

/** A rule of the operator; the first one that matches decides. Absent fields match everything. */
export type PermissionRule = {
  name: string
  match: {
    tools?: string[]
    effects?: ToolEffect[]
    chainIds?: number[]
    contracts?: string[]
    domains?: string[]
  }
  decision: 'allow' | 'deny' | 'ask'
  /** Told to the model when it denies. */
  reason?: string
}

/** What a grant covers; with all fields absent it would cover everything, so one is always there. */
export type GrantTarget = {
  tool?: string
  /** This effect and every lesser one. */
  effect?: ToolEffect
  chainId?: number
  contract?: string
  domain?: string
}

/** A standing permission of an owner. Times are ISO 8601. */
export type Grant = GrantTarget & {
  id: string
  /** Only in this conversation; absent: in all of the owner's. */
  conversationId?: ConversationId
  createdAt: string
  expiresAt: string
  /** The request whose answer made it. */
  requestId?: RequestId
}

/** What a person adds to an approval to be asked less. */
export type GrantWish = {
  scope: 'conversation' | 'everywhere'
  /** Always the approved calls' own tools, except `effect`. */
  target: 'tool' | 'effect' | 'chain' | 'contract' | 'domain'
  expiresInSeconds: number
}

/** What was decided about a call before it ran, as it is recorded. */
export type CallPermission = { verdict: PermissionVerdict; item?: PermissionItem }
