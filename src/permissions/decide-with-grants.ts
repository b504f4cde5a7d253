import type { Grant, PermissionSubject, PermissionVerdict } from '../contracts/permission.ts'
import { isWithinEffect } from './is-within-effect.ts'
import { isSameContract, isWithinDomain } from './same-target.ts'

/**
 * Whether grants could turn a verdict into `allow`: only what a person could have been asked about. What the
 * operator denies stays denied, and a grant puts nobody before the screen for a tool that asks a person.
 */
export function isGrantable(subject: PermissionSubject, verdict: PermissionVerdict): boolean {
  if (subject.asksPerson || verdict.decision === 'allow') return false
  return verdict.decision === 'ask' || verdict.rule.startsWith('policy:')
}

/**
 * Allows a call that would be asked about, or denied because nobody can be asked, when live grants cover it;
 * any other verdict comes back as it is.
 *
 * A grant counts while it has not expired and, when it belongs to a conversation, in that one only. It covers a
 * call when all that it names fits: its tool is the call's; its effect is the call's or a greater one, in the
 * order read, compute, prepare, sign, external; its chain is the call's. One that names no contract and no domain
 * covers the whole call. One that names a contract (or a domain, whose subdomains count) covers that target only,
 * never a call without one: a call with several is allowed when each of them is covered, by one grant or by
 * several together. A grant that names nothing covers nothing.
 */
export function decideWithGrants(
  subject: PermissionSubject,
  verdict: PermissionVerdict,
  grants: readonly Grant[],
  nowMs: number,
): PermissionVerdict {
  if (!isGrantable(subject, verdict)) return verdict
  const used = findCover(
    subject,
    grants.filter((grant) => isLive(grant, subject, nowMs) && isAbout(grant, subject)),
  )
  const [first] = used
  if (first === undefined) return verdict
  return { decision: 'allow', rule: `grant:${first}`, grantIds: used }
}

/** Ids of the grants that cover the call together; none when a target is left over. */
function findCover({ targets }: PermissionSubject, grants: readonly Grant[]): string[] {
  const whole = grants.find(({ contract, domain }) => contract === undefined && domain === undefined)
  if (whole !== undefined) return [whole.id]
  const covering = [
    ...targets.contracts.map((touched) => grants.find((grant) => isOfContract(grant, touched))),
    ...targets.domains.map((touched) => grants.find((grant) => isOfDomain(grant, touched))),
  ]
  const found = covering.filter((grant) => grant !== undefined)
  return found.length < covering.length ? [] : [...new Set(found.map(({ id }) => id))]
}

// A time that cannot be read counts as past.
function isLive({ conversationId, expiresAt }: Grant, subject: PermissionSubject, nowMs: number): boolean {
  if (conversationId !== undefined && conversationId !== subject.conversationId) return false
  return Date.parse(expiresAt) > nowMs
}

/** Whether everything that the grant names fits the call; its contract and its domain must be among the targets. */
function isAbout(grant: Grant, { tool, effect, targets }: PermissionSubject): boolean {
  const named = [grant.tool, grant.effect, grant.chainId, grant.contract, grant.domain]
  return (
    named.some((field) => field !== undefined) &&
    (grant.tool === undefined || grant.tool === tool) &&
    (grant.effect === undefined || isWithinEffect(effect, grant.effect)) &&
    (grant.chainId === undefined || grant.chainId === targets.chainId) &&
    (grant.contract === undefined || targets.contracts.some((touched) => isOfContract(grant, touched))) &&
    (grant.domain === undefined || targets.domains.some((touched) => isOfDomain(grant, touched)))
  )
}

function isOfContract({ contract }: Grant, touched: string): boolean {
  return contract !== undefined && isSameContract(touched, contract)
}

function isOfDomain({ domain }: Grant, touched: string): boolean {
  return domain !== undefined && isWithinDomain(touched, domain)
}
