import { createPublicClient, erc20Abi, formatUnits, getAddress, http } from 'viem'
import { beforeAll, expect, test } from 'vitest'

import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, ofType } from '../support/follow.ts'
import { localChain } from '../support/servers.ts'

const product = useCheckedProduct()

type Fixture = { accounts: Map<string, `0x${string}`>; tokens: Map<string, `0x${string}`>; rpcUrl: string }
let fixture: Fixture = { accounts: new Map(), tokens: new Map(), rpcUrl: '' }

beforeAll(async () => {
  const { rpcUrl, namedAccounts, tokens } = await localChain()
  const accounts = [...namedAccounts.matchAll(/(\w+)=(0x[\da-fA-F]{40})/g)]
  const named = [...tokens.matchAll(/\d+:(\w+)=(0x[\da-fA-F]{40}):\d+/g)]
  const toMap = (found: RegExpExecArray[]) =>
    new Map(found.map(([, name = '', address = '']) => [name, getAddress(address)]))
  fixture = { rpcUrl, accounts: toMap(accounts), tokens: toMap(named) }
})

const addressOf = (name: string) => getAddress(fixture.accounts.get(name) ?? fixture.tokens.get(name) ?? '')

/** What the chain itself says, without the product. */
async function readHoldings(name: string): Promise<Record<string, string>> {
  const chain = createPublicClient({ transport: http(fixture.rpcUrl) })
  const holdings = [...fixture.tokens].map(async ([symbol, address]) => {
    const token = { address, abi: erc20Abi } as const
    const [amount, decimals] = await Promise.all([
      chain.readContract({ ...token, functionName: 'balanceOf', args: [addressOf(name)] }),
      chain.readContract({ ...token, functionName: 'decimals' }),
    ])
    return [symbol, formatUnits(amount, decimals)] as const
  })
  return Object.fromEntries(await Promise.all(holdings))
}

const ask = (...calls: { name: string; arguments: Record<string, unknown> }[]): ScriptedReply => ({
  parts: [{ type: 'toolCalls', calls }],
})
const say = (text: string): ScriptedReply => ({ parts: [{ type: 'text', text }] })

/** Plays a script as one turn and returns what its tools gave, in the order in which they were asked for. */
async function play(key: string, reply: ScriptedReply, fields: object = {}) {
  await product().model.script(key, [reply, say('Done.')])
  const { client } = await product().guest()
  const { id } = await client.createConversation(fields)
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  const { events } = following
  const ends = ofType(events, 'tool.completed').toSorted((a, b) => a.callId.localeCompare(b.callId))
  return {
    events,
    ends,
    outputs: ends.map(({ output }) => output),
    requests: await product().model.requests(key),
  }
}

test('default: balances of Alice and Bob are what the chain itself says', async () => {
  const people = ['Alice', 'Bob']
  const calls = people.map((name) => ({ name: 'token_balances', arguments: { address: addressOf(name) } }))
  const { outputs, requests } = await play('holdings', ask(...calls))
  for (const [index, name] of people.entries()) {
    const expected = await readHoldings(name)
    expect(Object.keys(expected).length).toBeGreaterThan(1)
    for (const amount of Object.values(expected))
      expect(JSON.stringify(outputs[index])).toContain(`"${amount}"`)
  }
  // The model is given the same figures.
  expect(JSON.stringify(requests[1]?.body)).toContain((await readHoldings('Bob'))['USDP'])
})

test('default: a contract is read', async () => {
  const { outputs } = await play(
    'read',
    ask({
      name: 'contract_read',
      arguments: {
        address: addressOf('USDP'),
        signature: 'function balanceOf(address) view returns (uint256)',
        args: [addressOf('Alice')],
      },
    }),
  )
  expect(JSON.stringify(outputs)).toContain('1250500000')
})

test('default: a deployment is simulated in steps, each of which is told once', async () => {
  const source =
    'pragma solidity ^0.8.0; contract Counter { uint256 public n; function add() external { n++; } }'
  const { events, outputs } = await play(
    'deploy',
    ask({ name: 'simulate_deployment', arguments: { source } }),
  )
  expect(ofType(events, 'tool.started')[0]).toMatchObject({
    steps: ['compile', 'simulate', 'report'],
    effect: 'compute',
  })
  expect(ofType(events, 'tool.step')).toMatchObject([
    { step: 'compile', stepIndex: 0, status: 'ok' },
    { step: 'simulate', stepIndex: 1, status: 'ok' },
    { step: 'report', stepIndex: 2, status: 'ok' },
  ])
  expect(outputs[0]).toMatchObject({ contract: 'Counter' })
})

test('behavior: where a tool is, is told by the progress route and by events', async () => {
  const { model, gates } = product()
  await model.script('steps', [ask({ name: 'gated_steps', arguments: { gate: 'steps' } }), say('Done.')])
  const { client } = await product().guest()
  const { id } = await client.createConversation()
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:steps]' })
  for (const [index, step] of ['one', 'two', 'three'].entries()) {
    await gates.untilArrived(`steps-${step}`)
    const { calls, source } = await client.getProgress(id)
    const steps = ['one', 'two', 'three'].map((name, place) => ({
      name,
      status: place < index ? 'ok' : place === index ? 'running' : 'pending',
    }))
    expect({ source, calls }).toMatchObject({
      source: 'workflow',
      calls: [{ name: 'gated_steps', status: 'running', stepIndex: index, stepCount: 3, steps }],
    })
    if (step === 'two') await following.until(({ type }) => type === 'tool.progress')
    gates.open(`steps-${step}`)
  }
  await following.untilTurns(1)
  following.close()
  expect(ofType(following.events, 'tool.progress')).toContainEqual(
    expect.objectContaining({ step: 'two', stepIndex: 1, stepCount: 3, fraction: 0.5, message: 'half way' }),
  )
  expect(ofType(following.events, 'tool.step').map(({ step }) => step)).toEqual(['one', 'two', 'three'])
})

test('behavior: two conversations at once do not mix', async () => {
  const { model, gates } = product()
  const both = await Promise.all(
    ['left', 'right'].map(async (side) => {
      await model.script(side, [ask({ name: 'gated', arguments: { gate: side } }), say(`This is ${side}.`)])
      const { client } = await product().guest()
      const { id } = await client.createConversation()
      const following = follow(client, id)
      await client.postMessage(id, { text: `Go [script:${side}]` })
      await gates.untilArrived(side)
      return { side, client, id, following }
    }),
  )
  for (const { side, client, id, following } of both.toReversed()) {
    gates.open(side)
    await following.untilTurns(1)
    following.close()
    expect(ofType(following.events, 'tool.completed')).toMatchObject([{ output: { passed: side } }])
    expect((await client.getConversation(id)).messages.at(-1)?.text).toBe(`This is ${side}.`)
    expect(new Set(following.events.map(({ conversationId }) => conversationId))).toEqual(new Set([id]))
  }
})

test('behavior: a restricted conversation is offered its own tools only, and cannot call others', async () => {
  const { ends, requests } = await play(
    'restricted',
    ask(
      { name: 'time_now', arguments: {} },
      { name: 'account_info', arguments: { address: addressOf('Alice') } },
    ),
    { tools: ['time_now'] },
  )
  expect(ends).toMatchObject([
    { status: 'ok' },
    { status: 'error', error: { code: expect.stringMatching(/^tool_/) } },
  ])
  expect(requests[0]?.body).toMatchObject({ tools: [{ function: { name: 'time_now' } }] })
})

test('behavior: with an empty list of tools the model has none', async () => {
  await product().model.script('bare', [say('No tools here.')])
  const { client } = await product().guest()
  const { id } = await client.createConversation({ tools: [] })
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:bare]' })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  following.close()
  expect((await product().model.requests('bare'))[0]?.body).not.toHaveProperty('tools')
})

test("behavior: the conversation's chain is told to the model and used by its tools", async () => {
  const calls = ask({ name: 'chain_context', arguments: {} })
  const { outputs, requests } = await play('chain', calls, { chainId: 31337 })
  expect(outputs[0]).toMatchObject({ chainId: 31337 })
  expect(JSON.stringify(requests[0]?.body)).toContain('31337')
  expect(JSON.stringify(outputs[0])).toContain(addressOf('Alice'))
})

test('error: a chain that is not configured is an error that the model reads', async () => {
  const { ends } = await play('other-chain', ask({ name: 'chain_context', arguments: { chainId: 8453 } }))
  expect(ends).toMatchObject([{ status: 'error', error: { code: 'unknown_chain' } }])
})
