import { expect, test } from 'vitest'

import type { PermissionItem } from '../../src/contracts/human-request.ts'
import type { GrantTarget, GrantWish } from '../../src/contracts/permission.ts'
import { decideWithGrants } from '../../src/permissions/decide-with-grants.ts'
import { toGrantTargets } from '../../src/permissions/grants-of-wish.ts'
import { alice, bob, nowMs, toGrant, toSubject } from './subjects.ts'

const targets = { chainId: 1, contracts: [alice, bob], domains: ['example.com'] }
const item: PermissionItem = {
  callId: 'c1.t1.r0.c0',
  tool: 'swap',
  title: 'Swap',
  effect: 'sign',
  input: {},
  targets,
  rule: 'policy:allowReads',
}
const toWish = (target: GrantWish['target']): GrantWish => ({
  scope: 'conversation',
  target,
  expiresInSeconds: 60,
})

test.each<[GrantWish['target'], GrantTarget[]]>([
  ['tool', [{ tool: 'swap' }]],
  ['effect', [{ effect: 'sign' }]],
  ['chain', [{ tool: 'swap', chainId: 1 }]],
  [
    'contract',
    [
      { tool: 'swap', chainId: 1, contract: alice },
      { tool: 'swap', chainId: 1, contract: bob },
    ],
  ],
  ['domain', [{ tool: 'swap', domain: 'example.com' }]],
])('a wish for the %s', (target, granted) => {
  expect(toGrantTargets(toWish(target), item)).toEqual(granted)
})

test.each(['chain', 'contract', 'domain'] as const)(
  'behavior: a call without a %s has none to grant',
  (target) => {
    const bare = { ...item, targets: { contracts: [], domains: [] } }
    expect(toGrantTargets(toWish(target), bare)).toEqual([])
  },
)

test.each(['tool', 'effect', 'chain', 'contract'] as const)(
  'behavior: what is granted by %s covers the same call from then on',
  (target) => {
    const subject = toSubject({ targets: { ...targets, domains: [] } })
    const grants = toGrantTargets(toWish(target), item).map((granted, index) => toGrant(`g${index}`, granted))
    const asked = { decision: 'ask', rule: 'policy:allowReads' } as const
    expect(decideWithGrants(subject, asked, grants, nowMs).decision).toBe('allow')
  },
)
