import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Grant, PermissionSubject, PermissionVerdict } from '../../src/contracts/permission.ts'
import { decideWithGrants, isGrantable } from '../../src/permissions/decide-with-grants.ts'
import { toolEffects } from '../../src/contracts/tool-call.ts'
import { alice, bob, nowMs, toGrant, toSubject } from './subjects.ts'

const asked: PermissionVerdict = { decision: 'ask', rule: 'policy:allowReads' }
const unattended: PermissionVerdict = { decision: 'deny', rule: 'policy:denyAll', reason: 'Nobody is there.' }
const forbidden: PermissionVerdict = { decision: 'deny', rule: 'operator:never', reason: 'Never.' }

function grantsUsed(subject: PermissionSubject, grants: Grant[]): string[] | undefined {
  const verdict = decideWithGrants(subject, asked, grants, nowMs)
  return verdict.decision === 'allow' ? verdict.grantIds : undefined
}

test('allows what would be asked about, and records by which grant', () => {
  expect(decideWithGrants(toSubject(), asked, [toGrant('g1', { tool: 'swap' })], nowMs)).toEqual({
    decision: 'allow',
    rule: 'grant:g1',
    grantIds: ['g1'],
  })
})

test('allows what nobody could be asked about, also where the operator wants to be asked', () => {
  const grants = [toGrant('g1', { tool: 'swap' })]
  expect(decideWithGrants(toSubject(), unattended, grants, nowMs).decision).toBe('allow')
  const careful: PermissionVerdict = { decision: 'ask', rule: 'operator:careful' }
  expect(decideWithGrants(toSubject(), careful, grants, nowMs).decision).toBe('allow')
})

describe('a grant covers', () => {
  test.each<[string, Partial<Grant>, boolean]>([
    ['nothing when it names nothing', {}, false],
    ['its tool', { tool: 'swap' }, true],
    ['no other tool', { tool: 'swap_all' }, false],
    ['its effect', { effect: 'sign' }, true],
    ['every lesser effect', { effect: 'external' }, true],
    ['no greater effect', { effect: 'prepare' }, false],
    ['its chain', { chainId: 1 }, true],
    ['no other chain', { chainId: 10 }, false],
    ['its contract, in any case', { contract: alice.toLowerCase() }, true],
    ['no other contract', { contract: bob }, false],
    ['no domain of a call that touches none', { domain: 'example.com' }, false],
    ['its contract with its tool and chain', { tool: 'swap', chainId: 1, contract: alice }, true],
    ['nothing when one of them differs', { tool: 'swap', chainId: 10, contract: alice }, false],
    ['its own conversation', { tool: 'swap', conversationId: 'c1' }, true],
    ['no other conversation', { tool: 'swap', conversationId: 'c2' }, false],
    ['nothing at its last moment', { tool: 'swap', expiresAt: new Date(nowMs).toISOString() }, false],
    ['nothing when its end cannot be read', { tool: 'swap', expiresAt: 'never' }, false],
  ])('%s', (_what, changes, isCovered) => {
    expect(grantsUsed(toSubject(), [toGrant('g1', changes)])).toEqual(isCovered ? ['g1'] : undefined)
  })

  test('subdomains of its domain, and nothing that only ends alike', () => {
    const touching = (domain: string) => toSubject({ targets: { contracts: [], domains: [domain] } })
    const grants = [toGrant('g1', { domain: 'example.com' })]
    expect(grantsUsed(touching('api.example.com'), grants)).toEqual(['g1'])
    expect(grantsUsed(touching('badexample.com'), grants)).toBeUndefined()
  })
})

describe('a call with several targets', () => {
  const both = toSubject({ targets: { chainId: 1, contracts: [alice, bob], domains: [] } })

  test('needs a grant for each of them', () => {
    const [first, second] = [toGrant('g1', { contract: alice }), toGrant('g2', { contract: bob })]
    expect(grantsUsed(both, [first])).toBeUndefined()
    expect(grantsUsed(both, [first, second])).toEqual(['g1', 'g2'])
  })

  test('behavior: contracts and domains are covered apart', () => {
    const mixed = toSubject({ targets: { contracts: [alice], domains: ['example.com'] } })
    const [contract, domain] = [toGrant('g1', { contract: alice }), toGrant('g2', { domain: 'example.com' })]
    expect(grantsUsed(mixed, [contract])).toBeUndefined()
    expect(grantsUsed(mixed, [domain])).toBeUndefined()
    expect(grantsUsed(mixed, [domain, contract])).toEqual(['g1', 'g2'])
  })

  test('behavior: one grant for the whole call is enough', () => {
    expect(grantsUsed(both, [toGrant('g1', { contract: alice }), toGrant('g2', { tool: 'swap' })])).toEqual([
      'g2',
    ])
  })
})

test('behavior: a grant of a contract never covers a call without one', () => {
  const bare = toSubject({ targets: { chainId: 1, contracts: [], domains: [] } })
  expect(grantsUsed(bare, [toGrant('g1', { tool: 'swap', contract: alice })])).toBeUndefined()
})

test('behavior: a grant puts nobody before the screen of an unattended conversation', () => {
  const asker = toSubject({ tool: 'ask_user', effect: 'read', asksPerson: true })
  expect(isGrantable(asker, unattended)).toBe(false)
  expect(decideWithGrants(asker, unattended, [toGrant('g1', { effect: 'external' })], nowMs)).toBe(unattended)
})

const subjects = fc.record({
  callId: fc.constant('c1.t1.r0.c0'),
  conversationId: fc.constantFrom('c1', 'c2'),
  tool: fc.constantFrom('swap', 'send'),
  effect: fc.constantFrom(...toolEffects),
  targets: fc.record(
    {
      chainId: fc.constantFrom(1, 10),
      contracts: fc.subarray([alice, bob]),
      domains: fc.subarray(['example.com', 'api.example.com', 'example.org']),
    },
    { requiredKeys: ['contracts', 'domains'] },
  ),
  asksPerson: fc.boolean(),
})
const grantLists = fc.array(
  fc
    .record(
      {
        conversationId: fc.constantFrom('c1', 'c2', 'c3'),
        tool: fc.constantFrom('swap', 'send'),
        effect: fc.constantFrom(...toolEffects),
        chainId: fc.constantFrom(1, 10),
        contract: fc.constantFrom(alice, bob.toLowerCase()),
        domain: fc.constantFrom('example.com', 'example.org', 'com'),
        endsInMs: fc.constantFrom(-1, 0, 1, 60_000),
      },
      { requiredKeys: ['endsInMs'] },
    )
    .map(({ endsInMs, ...grant }) => ({ ...grant, expiresAt: new Date(nowMs + endsInMs).toISOString() })),
)
const numbered = (grants: Partial<Grant>[]) => grants.map((grant, index) => toGrant(`g${index}`, grant))

describe('whatever grants there are', () => {
  test('what the operator denies stays denied', () => {
    fc.assert(
      fc.property(subjects, grantLists, (subject, grants) => {
        expect(decideWithGrants(subject, forbidden, numbered(grants), nowMs)).toBe(forbidden)
      }),
    )
  })

  test('one that has expired or belongs to another conversation changes nothing', () => {
    fc.assert(
      fc.property(subjects, grantLists, (subject, grants) => {
        const all = numbered(grants)
        const live = all.filter(
          ({ expiresAt, conversationId = subject.conversationId }) =>
            Date.parse(expiresAt) > nowMs && conversationId === subject.conversationId,
        )
        const verdict = decideWithGrants(subject, asked, all, nowMs)
        expect(verdict).toEqual(decideWithGrants(subject, asked, live, nowMs))
        if (verdict.decision !== 'allow') return
        expect(live.map(({ id }) => id)).toEqual(expect.arrayContaining(verdict.grantIds ?? []))
      }),
      { numRuns: 1_000 },
    )
  })

  test('one that is added never takes permission away', () => {
    fc.assert(
      fc.property(subjects, grantLists, grantLists, (subject, grants, more) => {
        const before = decideWithGrants(subject, asked, numbered(grants), nowMs)
        const after = decideWithGrants(subject, asked, numbered([...grants, ...more]), nowMs)
        expect([after.decision, 'ask']).toContain(before.decision)
      }),
      { numRuns: 1_000 },
    )
  })

  test('those that were used cover the call by themselves', () => {
    fc.assert(
      fc.property(subjects, grantLists, (subject, grants) => {
        const all = numbered(grants)
        const verdict = decideWithGrants(subject, asked, all, nowMs)
        if (verdict.decision !== 'allow') return
        const used = all.filter(({ id }) => verdict.grantIds?.includes(id))
        expect(decideWithGrants(subject, asked, used, nowMs)).toEqual(verdict)
      }),
      { numRuns: 1_000 },
    )
  })
})
