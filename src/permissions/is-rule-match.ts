import type { PermissionRule, PermissionSubject } from '../contracts/permission.ts'
import { isSameContract, isWithinDomain } from './same-target.ts'

/**
 * Whether a rule of the operator is about a call: every field that it has must fit, absent ones fit everything.
 *
 * A call may touch several contracts or domains. A rule that allows must name all of them, and there must be one;
 * a rule that denies or asks fits as soon as it names one. Domains below a named one count.
 */
export function isRuleMatch({ match, decision }: PermissionRule, subject: PermissionSubject): boolean {
  const { tools, effects, chainIds, contracts, domains } = match
  const { chainId } = subject.targets
  if (tools !== undefined && !tools.includes(subject.tool)) return false
  if (effects !== undefined && !effects.includes(subject.effect)) return false
  if (chainIds !== undefined && (chainId === undefined || !chainIds.includes(chainId))) return false
  const isNamed = (touched: readonly string[], isOf: (target: string) => boolean) =>
    decision === 'allow' ? touched.length > 0 && touched.every(isOf) : touched.some(isOf)
  return (
    (contracts === undefined ||
      isNamed(subject.targets.contracts, (target) =>
        contracts.some((contract) => isSameContract(target, contract)),
      )) &&
    (domains === undefined ||
      isNamed(subject.targets.domains, (target) => domains.some((domain) => isWithinDomain(target, domain))))
  )
}
