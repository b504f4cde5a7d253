import type {
  PermissionPolicy,
  PermissionRule,
  PermissionSubject,
  PermissionVerdict,
} from '../contracts/permission.ts'
import { isRuleMatch } from './is-rule-match.ts'

export type DecisionRules = {
  /** Of the operator, in the order of the file. */
  rules: readonly PermissionRule[]
  /** Of the conversation. */
  policy: PermissionPolicy
}

/**
 * Decides about a call before anything runs; grants are looked at afterwards, by `decideWithGrants`.
 *
 * 1. The operator's rules, in order: the first that matches decides. One that asks leaves the decision to a
 *    person: a tool that asks a person itself needs no second question, and where nobody can be asked the
 *    conversation's policy denies.
 * 2. The conversation's policy. `ask` asks about everything, `allowReads` about what others could feel (`sign`,
 *    `external`), `denyAll` denies everything. A tool that asks a person is allowed by the first two.
 */
export function decideCall(subject: PermissionSubject, { rules, policy }: DecisionRules): PermissionVerdict {
  const found = rules.find((candidate) => isRuleMatch(candidate, subject))
  if (found === undefined) return decideByPolicy(subject, policy)
  const rule = `operator:${found.name}`
  switch (found.decision) {
    case 'allow':
      return { decision: 'allow', rule }
    case 'deny':
      return { decision: 'deny', rule, reason: found.reason ?? operatorReason }
    case 'ask':
      if (policy === 'denyAll') return unattended(subject)
      return { decision: subject.asksPerson ? 'allow' : 'ask', rule }
  }
}

function decideByPolicy(subject: PermissionSubject, policy: PermissionPolicy): PermissionVerdict {
  const rule = `policy:${policy}`
  switch (policy) {
    case 'denyAll':
      return unattended(subject)
    case 'ask':
      return { decision: subject.asksPerson ? 'allow' : 'ask', rule }
    case 'allowReads':
      return { decision: subject.asksPerson || !isFelt(subject) ? 'allow' : 'ask', rule }
  }
}

function isFelt({ effect }: PermissionSubject): boolean {
  switch (effect) {
    case 'read':
    case 'compute':
    case 'prepare':
      return false
    case 'sign':
    case 'external':
      return true
  }
}

const operatorReason =
  'The operator of this deployment does not allow this call. Do not repeat it: go on without it, and say in the answer what was left out.'

function unattended({ asksPerson, tool }: PermissionSubject): PermissionVerdict {
  const reason = asksPerson
    ? 'This conversation runs unattended: nobody can be asked. Decide without an answer where that is safe, and say in the answer what is open.'
    : `This conversation runs unattended: nobody can be asked, and nothing allows ${tool} here. Do not repeat the call: go on without it, and say in the answer what was left out.`
  return { decision: 'deny', rule: 'policy:denyAll', reason }
}
