import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { planCalls, type RoundPlanner } from '../../src/activities/plan-calls.ts'
import type { Grant, PermissionPolicy, PermissionRule } from '../../src/contracts/permission.ts'
import type { ToolEffect } from '../../src/contracts/tool-call.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import type { Tool } from '../../src/toolkit/tool.ts'

const nowMs = Date.parse('2026-11-21T16:30:00Z')
const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const bob = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const input = z.strictObject({ to: z.string().default(alice) })
const base = {
  description: 'For tests.',
  input,
  output: z.unknown(),
  title: ({ to }: { to: string }) => `To ${to}`,
}

function toTool(name: string, effect: ToolEffect): Tool {
  return defineTool({
    ...base,
    name,
    effect,
    uses: ['chain'],
    targets: ({ to }) => ({ contracts: [to] }),
    run: async () => 1,
  })
}

const form = {
  title: 'A form',
  questions: [{ id: 'q', label: 'Why?', kind: 'text' as const, required: true, maxLength: 5 }],
}
const asker: Tool = defineTool({ ...base, name: 'asker', effect: 'read', uses: [], form: () => form })
const broken: Tool = defineTool({
  ...base,
  name: 'broken',
  effect: 'read',
  uses: [],
  targets: () => ({ contracts: ['nowhere'] }),
  run: async () => 1,
})

type Changes = { policy?: PermissionPolicy; rules?: PermissionRule[]; grants?: Grant[] }

/** Plans calls of these tools; `loads` counts how often grants were asked for. */
async function plan(names: (string | [string, object])[], { grants = [], ...changes }: Changes = {}) {
  let loads = 0
  const faults: string[] = []
  const planner: RoundPlanner = {
    round: { conversationId: 'c', turnId: 'c.t1', trigger: 'user', messageIds: [], round: 2 },
    tools: [toTool('look', 'read'), toTool('send', 'external'), toTool('sign', 'sign'), asker, broken],
    settings: { toolTimeoutMs: 30_000 },
    policy: 'allowReads',
    rules: [],
    chainId: 31337,
    requestTtlMs: 60_000,
    nowMs,
    onToolFault: (tool) => faults.push(tool),
    async loadGrants() {
      loads += 1
      return grants
    },
    ...changes,
  }
  const calls = names.map((entry, index) => {
    const [name, args] = typeof entry === 'string' ? [entry, {}] : entry
    return { id: `call_${index}`, name, arguments: JSON.stringify(args) }
  })
  return { ...(await planCalls(calls, planner)), loads, faults }
}

const toGrant = (changes: Partial<Grant>): Grant => ({
  id: 'g1',
  createdAt: new Date(nowMs).toISOString(),
  expiresAt: new Date(nowMs + 1_000).toISOString(),
  ...changes,
})
const toItem = (index: number, tool: string, effect: ToolEffect, rule: string) => ({
  callId: `c.t1.r2.c${index}`,
  tool,
  title: `To ${alice}`,
  effect,
  input: { to: alice },
  targets: { chainId: 31337, contracts: [alice], domains: [] },
  rule,
})

test('a call that is allowed runs, and its start says by which rule', async () => {
  const { calls, requests, loads } = await plan(['look'])
  expect(calls[0]?.events.map(({ body }) => body)).toEqual([
    {
      type: 'tool.started',
      callId: 'c.t1.r2.c0',
      name: 'look',
      title: `To ${alice}`,
      effect: 'read',
      input: { to: alice },
      background: false,
      permission: { decision: 'allow', rule: 'policy:allowReads' },
    },
  ])
  expect(calls[0]?.row).toEqual({
    callId: 'c.t1.r2.c0',
    providerCallId: 'call_0',
    name: 'look',
    arguments: '{}',
    permission: { verdict: { decision: 'allow', rule: 'policy:allowReads' } },
  })
  expect(calls[0]?.scheduled).toEqual({
    callId: 'c.t1.r2.c0',
    name: 'look',
    summary: 'look',
    timeoutMs: 30_000,
    steps: [],
  })
  expect({ requests, loads }).toEqual({ requests: [], loads: 0 })
})

test('all calls of a reply that need permission share one request', async () => {
  const { calls, requests } = await plan(['send', 'look', 'sign'])
  const request = { requestId: 'c.t1.r2.p', kind: 'permission', expiresAtMs: nowMs + 60_000 }
  expect(calls.map(({ scheduled }) => scheduled?.request)).toEqual([request, undefined, request])
  expect(calls[0]?.events[0]?.body).toMatchObject({
    permission: { decision: 'ask', rule: 'policy:allowReads' },
  })
  const items = [
    toItem(0, 'send', 'external', 'policy:allowReads'),
    toItem(2, 'sign', 'sign', 'policy:allowReads'),
  ]
  expect(requests).toEqual([
    {
      id: 'c.t1.r2.p',
      kind: 'permission',
      callIds: ['c.t1.r2.c0', 'c.t1.r2.c2'],
      body: { calls: items },
      expiresAtMs: nowMs + 60_000,
    },
  ])
  expect(calls[0]?.row.permission).toEqual({
    verdict: { decision: 'ask', rule: 'policy:allowReads' },
    item: items[0],
  })
})

test('a call that asks a person opens a question of its own', async () => {
  const { calls, requests, loads } = await plan(['asker', 'send', 'asker'])
  expect(calls.map(({ scheduled }) => scheduled?.request?.requestId)).toEqual([
    'c.t1.r2.c0.q0',
    'c.t1.r2.p',
    'c.t1.r2.c2.q0',
  ])
  expect(requests.map(({ id }) => id)).toEqual(['c.t1.r2.p', 'c.t1.r2.c0.q0', 'c.t1.r2.c2.q0'])
  expect(requests[1]).toEqual({
    id: 'c.t1.r2.c0.q0',
    kind: 'question',
    callIds: ['c.t1.r2.c0'],
    body: form,
    expiresAtMs: nowMs + 60_000,
  })
  expect(calls[0]?.events[0]?.body).toMatchObject({ permission: { decision: 'allow' } })
  expect(loads).toBe(1)
})

test('a call that is denied ends at once, with the reason', async () => {
  const rules: PermissionRule[] = [
    { name: 'no-sending', match: { tools: ['send'] }, decision: 'deny', reason: 'Not on Sundays.' },
  ]
  const { calls, requests, loads } = await plan(['send'], { rules, grants: [toGrant({ tool: 'send' })] })
  const error = { code: 'permission_denied', message: 'Not on Sundays.', retryable: false }
  expect(calls[0]?.scheduled).toBeUndefined()
  expect(calls[0]?.events.map(({ key, body }) => ({ key, ...body }))).toEqual([
    expect.objectContaining({
      key: 'c.t1.r2.c0:started',
      permission: { decision: 'deny', rule: 'operator:no-sending' },
    }),
    { key: 'c.t1.r2.c0:completed', type: 'tool.completed', callId: 'c.t1.r2.c0', status: 'denied', error },
  ])
  expect(calls[0]?.row.end).toEqual({ status: 'denied', error, text: JSON.stringify({ error }) })
  expect(calls[0]?.row.permission?.verdict).toMatchObject({ decision: 'deny', rule: 'operator:no-sending' })
  expect({ requests, loads }).toEqual({ requests: [], loads: 0 })
})

describe('behavior: grants', () => {
  test('are loaded once for many calls, and allow those that they cover', async () => {
    const grants = [toGrant({ tool: 'send', contract: alice })]
    const { calls, requests, loads } = await plan(['send', ['send', { to: bob }], 'look'], { grants })
    expect(loads).toBe(1)
    expect(calls[0]?.row.permission?.verdict).toEqual({
      decision: 'allow',
      rule: 'grant:g1',
      grantIds: ['g1'],
    })
    expect(calls[0]?.events[0]?.body).toMatchObject({ permission: { decision: 'allow', rule: 'grant:g1' } })
    expect(requests.map(({ callIds }) => callIds)).toEqual([['c.t1.r2.c1']])
  })

  test('let an unattended conversation do what they cover, and ask nobody', async () => {
    const grants = [toGrant({ effect: 'external' })]
    const { calls, requests } = await plan(['send', 'asker'], { policy: 'denyAll', grants })
    expect(calls.map(({ row }) => row.permission?.verdict.decision)).toEqual(['allow', 'deny'])
    expect(requests).toEqual([])
  })

  test('of another conversation, or past, do not count', async () => {
    const past = toGrant({ tool: 'send', expiresAt: new Date(nowMs).toISOString() })
    const elsewhere = toGrant({ tool: 'send', conversationId: 'd' })
    const { requests } = await plan(['send'], { grants: [past, elsewhere] })
    expect(requests).toHaveLength(1)
  })
})

test('behavior: the policy denyAll leaves nothing to wait for', async () => {
  const { calls, requests } = await plan(['look', 'send', 'asker'], { policy: 'denyAll' })
  expect(calls.map(({ row }) => row.end?.error.code)).toEqual(Array(3).fill('permission_denied'))
  expect(requests).toEqual([])
})

test('behavior: what cannot run is not decided about', async () => {
  const { calls, loads } = await plan(['nothing', ['send', { to: 1 }]], { policy: 'ask' })
  expect(calls.map(({ row }) => row.end?.error.code)).toEqual(['tool_unknown', 'tool_input_invalid'])
  expect(calls.map(({ row }) => row.permission)).toEqual([undefined, undefined])
  expect(loads).toBe(0)
})

test('error: a tool that cannot say what it is directed at does not run, and the operator is told', async () => {
  const { calls, faults } = await plan(['broken', 'look'])
  expect(calls[0]?.scheduled).toBeUndefined()
  expect(calls[0]?.row.end).toMatchObject({
    status: 'error',
    error: { code: 'tool_failed', retryable: false },
  })
  expect(calls[1]?.scheduled).toBeDefined()
  expect(faults).toEqual(['broken'])
})
