import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  permissionPolicies,
  type PermissionPolicy,
  type PermissionRule,
  type PermissionSubject,
} from '../../src/contracts/permission.ts'
import { toolEffects } from '../../src/contracts/tool-call.ts'
import { decideCall } from '../../src/permissions/decide-call.ts'
import { alice, bob, toSubject } from './subjects.ts'

const asker = toSubject({ tool: 'ask_user', effect: 'read', asksPerson: true })

function decide(
  subject: PermissionSubject,
  policy: PermissionPolicy = 'allowReads',
  rules: PermissionRule[] = [],
) {
  return decideCall(subject, { rules, policy })
}

describe('the policy of a conversation', () => {
  test.each([
    ['allowReads', 'read', 'allow'],
    ['allowReads', 'compute', 'allow'],
    ['allowReads', 'prepare', 'allow'],
    ['allowReads', 'sign', 'ask'],
    ['allowReads', 'external', 'ask'],
    ['ask', 'read', 'ask'],
    ['ask', 'external', 'ask'],
    ['denyAll', 'read', 'deny'],
    ['denyAll', 'external', 'deny'],
  ] as const)('%s and the effect %s: %s', (policy, effect, decision) => {
    expect(decide(toSubject({ effect }), policy)).toMatchObject({ decision, rule: `policy:${policy}` })
  })

  test('behavior: a tool that asks a person needs no second question', () => {
    expect(decide(asker, 'ask')).toEqual({ decision: 'allow', rule: 'policy:ask' })
    expect(decide(asker, 'allowReads')).toEqual({ decision: 'allow', rule: 'policy:allowReads' })
  })

  test('behavior: an unattended conversation tells the model that nobody can be asked', () => {
    const reason = expect.stringContaining('nobody can be asked')
    expect(decide(toSubject(), 'denyAll')).toEqual({ decision: 'deny', rule: 'policy:denyAll', reason })
    expect(decide(asker, 'denyAll')).toEqual({ decision: 'deny', rule: 'policy:denyAll', reason })
  })
})

describe("an operator's rule", () => {
  const deny: PermissionRule = { name: 'no-alice', match: { contracts: [alice] }, decision: 'deny' }

  test('decides before the policy, and the first that matches wins', () => {
    const allow: PermissionRule = { name: 'swaps', match: { tools: ['swap'] }, decision: 'allow' }
    expect(decide(toSubject(), 'denyAll', [allow, deny])).toEqual({
      decision: 'allow',
      rule: 'operator:swaps',
    })
    expect(decide(toSubject(), 'allowReads', [deny, allow])).toMatchObject({
      decision: 'deny',
      rule: 'operator:no-alice',
    })
  })

  test('tells the model its reason, or that the operator forbids it', () => {
    const reason = 'Ask treasury first.'
    expect(decide(toSubject(), 'ask', [{ ...deny, reason }])).toMatchObject({ reason })
    expect(decide(toSubject(), 'ask', [deny])).toMatchObject({ reason: expect.stringContaining('operator') })
  })

  test.each<[string, PermissionRule['match'], boolean]>([
    ['nothing at all', {}, true],
    ['its tool', { tools: ['other', 'swap'] }, true],
    ['another tool', { tools: ['swaps'] }, false],
    ['its effect', { effects: ['sign'] }, true],
    ['a lesser effect only', { effects: ['read'] }, false],
    ['its chain', { chainIds: [10, 1] }, true],
    ['another chain', { chainIds: [10] }, false],
    ['its contract in small letters', { contracts: [alice.toLowerCase()] }, true],
    ['another contract', { contracts: [bob] }, false],
    ['a domain, which it does not touch', { domains: ['example.com'] }, false],
    ['its tool on another chain', { tools: ['swap'], chainIds: [10] }, false],
  ])('that names %s', (_what, match, isMatch) => {
    for (const decision of ['allow', 'deny', 'ask'] as const) {
      const { rule } = decide(toSubject(), 'allowReads', [{ name: 'r', match, decision }])
      expect(rule).toBe(isMatch ? 'operator:r' : 'policy:allowReads')
    }
  })

  test('behavior: a call without a chain is never one on a named chain', () => {
    const offChain = toSubject({ targets: { contracts: [], domains: [] } })
    expect(decide(offChain, 'ask', [{ name: 'r', match: { chainIds: [1] }, decision: 'allow' }])).toEqual({
      decision: 'ask',
      rule: 'policy:ask',
    })
  })

  test('behavior: one of several targets is enough to deny or to ask, not to allow', () => {
    const both = toSubject({ targets: { contracts: [alice, bob], domains: [] } })
    const rule = (decision: 'allow' | 'deny' | 'ask', contracts: string[]): PermissionRule[] => [
      { name: 'r', match: { contracts }, decision },
    ]
    expect(decide(both, 'ask', rule('allow', [alice])).rule).toBe('policy:ask')
    expect(decide(both, 'ask', rule('allow', [bob, alice])).rule).toBe('operator:r')
    expect(decide(both, 'ask', rule('deny', [alice])).rule).toBe('operator:r')
    expect(decide(both, 'allowReads', rule('ask', [bob])).rule).toBe('operator:r')
  })

  test('behavior: domains below a named one count, those that only end alike do not', () => {
    const touching = (domain: string) => toSubject({ targets: { contracts: [], domains: [domain] } })
    const rules: PermissionRule[] = [{ name: 'r', match: { domains: ['example.com'] }, decision: 'allow' }]
    expect(decide(touching('api.example.com'), 'ask', rules).rule).toBe('operator:r')
    expect(decide(touching('example.com'), 'ask', rules).rule).toBe('operator:r')
    expect(decide(touching('notexample.com'), 'ask', rules).rule).toBe('policy:ask')
    expect(decide(touching('example.com.evil.org'), 'ask', rules).rule).toBe('policy:ask')
  })

  test('behavior: one that asks gives way to a tool that asks, and to a policy under which nobody can be', () => {
    const rules: PermissionRule[] = [{ name: 'careful', match: {}, decision: 'ask' }]
    expect(decide(asker, 'ask', rules)).toEqual({ decision: 'allow', rule: 'operator:careful' })
    expect(decide(toSubject(), 'denyAll', rules)).toMatchObject({ decision: 'deny', rule: 'policy:denyAll' })
  })
})

test('behavior: whatever the rules, nobody is asked in an unattended conversation, nor about asking', () => {
  const rule = fc.record({
    name: fc.constantFrom('a', 'b'),
    match: fc.record(
      { tools: fc.subarray(['swap', 'ask_user']), effects: fc.subarray([...toolEffects]) },
      { requiredKeys: [] },
    ),
    decision: fc.constantFrom('allow' as const, 'deny' as const, 'ask' as const),
  })
  const cases = fc.tuple(fc.array(rule), fc.constantFrom(...permissionPolicies), fc.boolean())
  fc.assert(
    fc.property(cases, ([rules, policy, asksPerson]) => {
      const { decision } = decide(asksPerson ? asker : toSubject(), policy, rules)
      expect(policy === 'denyAll' || asksPerson ? ['allow', 'deny'] : ['allow', 'deny', 'ask']).toContain(
        decision,
      )
    }),
  )
})
