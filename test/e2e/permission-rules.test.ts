import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { PermissionRule } from '../../src/contracts/permission.ts'
import { feltCall, readResults, untilAsked } from '../support/asked.ts'
import { follow, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { createTestDir } from '../support/servers.ts'
import { callsOf, textOf } from '../support/talk.ts'
import { expectWholeLog } from '../support/whole-log.ts'

const contract = '0x5FbDB2315678afecb367f032d93F642f64180aa3'

const rules: PermissionRule[] = [
  { name: 'no chain', match: { tools: ['chain_context'] }, decision: 'deny', reason: 'Not on Sundays.' },
  { name: 'our contract', match: { effects: ['external'], contracts: [contract] }, decision: 'allow' },
  { name: 'look twice', match: { tools: ['time_now'] }, decision: 'ask' },
  { name: 'inside', match: { domains: ['internal.example.com'] }, decision: 'deny' },
]

let product: Product
let client: Client

beforeAll(async () => {
  const file = join(await createTestDir('rules'), 'rules.json')
  await writeFile(file, JSON.stringify(rules))
  product = await startProduct({ env: { PERDURA_PERMISSION_RULES: file } })
  client = await product.login()
})
afterAll(() => product.close())

const calls = [
  { name: 'chain_context', arguments: {} },
  feltCall('ours', { contracts: [contract.toLowerCase()] }),
  { name: 'time_now', arguments: {} },
  feltCall('inside', { domains: ['db.internal.example.com'] }),
  feltCall('other'),
]

test("the operator's rules come before the policy, the first that matches", async () => {
  for (const gate of ['ours', 'inside', 'other']) product.gates.open(gate)
  await product.model.script('rules', [callsOf(...calls), textOf('Done.')])
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:rules]' })
  const { requestId, card } = await untilAsked(following)
  await client.answerRequest(requestId, { decision: 'approve' })
  await following.untilTurns(1)
  following.close()

  expect(card?.calls.map(({ tool, rule }) => [tool, rule])).toEqual([
    ['time_now', 'operator:look twice'],
    ['felt', 'policy:allowReads'],
  ])
  expect(ofType(following.events, 'tool.started').map(({ permission }) => permission)).toEqual([
    { decision: 'deny', rule: 'operator:no chain' },
    { decision: 'allow', rule: 'operator:our contract' },
    { decision: 'ask', rule: 'operator:look twice' },
    { decision: 'deny', rule: 'operator:inside' },
    { decision: 'ask', rule: 'policy:allowReads' },
  ])
  expect(await readResults(product.model, 'rules', 2)).toMatchObject([
    { error: { code: 'permission_denied', message: 'Not on Sundays.' } },
    { done: 'ours' },
    { utc: expect.any(String) },
    { error: { code: 'permission_denied' } },
    { done: 'other' },
  ])
  expect(product.gates.arrivals('inside')).toBe(0)
  await expectWholeLog(client, id, following.events)
})

test('behavior: what the operator allows runs unattended, what needs a person is denied there', async () => {
  await product.model.script('unattended', [callsOf(...calls), textOf('Done.')])
  const { id } = await client.createConversation({ permissions: 'denyAll' })
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:unattended]' })
  const end = await following.untilTurns(1)
  following.close()
  expect(end).toMatchObject({ outcome: 'success' })
  expect(ofType(following.events, 'request.opened')).toEqual([])
  expect(ofType(following.events, 'tool.started').map(({ permission }) => permission?.rule)).toEqual([
    'operator:no chain',
    'operator:our contract',
    'policy:denyAll',
    'operator:inside',
    'policy:denyAll',
  ])
  await expectWholeLog(client, id, following.events)
})

test('behavior: no grant allows what the operator denies, and a grant spares the question of a rule', async () => {
  await product.model.script('grants', [callsOf(...calls), textOf('One.'), callsOf(...calls), textOf('Two.')])
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:grants]' })
  const { requestId } = await untilAsked(following)
  await client.answerRequest(requestId, { decision: 'approve', grant: { target: 'effect' } })
  await following.untilTurns(1)
  await client.postMessage(id, { text: 'Once more' })
  await following.untilTurns(2)
  following.close()

  expect(ofType(following.events, 'request.opened')).toHaveLength(1)
  const later = ofType(following.events, 'tool.started').slice(calls.length)
  expect(later.map(({ permission }) => permission?.rule)).toEqual([
    'operator:no chain',
    'operator:our contract',
    expect.stringMatching(/^grant:/),
    'operator:inside',
    expect.stringMatching(/^grant:/),
  ])
  await expectWholeLog(client, id, following.events)
})
