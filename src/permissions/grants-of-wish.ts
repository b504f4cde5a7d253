import type { PermissionItem } from '../contracts/human-request.ts'
import type { GrantTarget, GrantWish } from '../contracts/permission.ts'

/**
 * What to grant when a person approves a call and wishes to be asked less. Always the call's own tool, except for
 * an effect; one grant for each contract or domain. Empty when the call has no such target.
 */
export function toGrantTargets(
  { target }: GrantWish,
  { tool, effect, targets }: PermissionItem,
): GrantTarget[] {
  const { chainId, contracts, domains } = targets
  const onChain = chainId === undefined ? {} : { chainId }
  switch (target) {
    case 'tool':
      return [{ tool }]
    case 'effect':
      return [{ effect }]
    case 'chain':
      return chainId === undefined ? [] : [{ tool, chainId }]
    case 'contract':
      return contracts.map((contract) => ({ tool, ...onChain, contract }))
    case 'domain':
      return domains.map((domain) => ({ tool, domain }))
  }
}
