import { describe, expect, it } from 'vitest'

import accountInfo from '../../../src/tools/account-info.ts'
import chainContext from '../../../src/tools/chain-context.ts'
import contractRead from '../../../src/tools/contract-read.ts'
import simulateDeployment from '../../../src/tools/simulate-deployment.ts'
import timeNow from '../../../src/tools/time-now.ts'
import tokenBalances from '../../../src/tools/token-balances.ts'
import { chatRequest } from '../../../src/models/scripted/chat-request.ts'
import type { ScriptedCall } from '../../../src/models/scripted/scripted-reply.ts'
import { toDemoReply } from '../../../src/models/scripted/demo/demo-reply.ts'

const alice = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const bob = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const prd = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const tools = [timeNow, chainContext, accountInfo, tokenBalances, contractRead, simulateDeployment]
const allTools = tools.map(({ name }) => name)

const block = { number: '12', hash: '0x0' }
const context = {
  chainId: 31337,
  name: 'Anvil',
  nativeSymbol: 'ETH',
  local: true,
  block: { ...block, timestamp: '2026-11-05T14:07:30Z' },
  baseFeeGwei: '1',
  namedAccounts: [
    { name: 'Alice', address: alice },
    { name: 'Bob', address: bob },
  ],
  tokens: [{ symbol: 'PRD', address: prd, decimals: 18 }],
}

type Answer = (call: ScriptedCall) => unknown

const answers: Record<string, Answer> = {
  chain_context: () => context,
  account_info: (call) => ({
    address: isAlice(call) ? alice : bob,
    balanceEth: isAlice(call) ? '9999.123456789012345678' : '42.5',
    nonce: 7,
    code: 'none',
    block,
  }),
  token_balances: (call) => ({
    block,
    balances: [token(prd, 'PRD', isAlice(call) ? '1000.000001' : '0'), token(bob, 'FREE|`x`', '7')],
    failed: [{ token: alice, reason: 'not a token' }],
  }),
  contract_read: () => ({
    untrusted_result: '1000000000000000000000000',
    removedCharacters: 0,
    isCut: false,
    block,
  }),
  simulate_deployment: () => ({
    contract: 'Counter',
    compiler: '0.8.37',
    from: alice,
    address: bob,
    gas: '123456',
    gasPriceGwei: '1',
    costEth: '0.000123456',
    runtimeSizeBytes: 345,
    block,
    warnings: [],
    untrusted_compilerWarnings: [],
  }),
  time_now: () => ({ utc: '2026-11-05T14:07:31Z', unixSeconds: 1, weekday: 'Thursday' }),
}

function token(address: string, symbol: string, balance: string) {
  return { token: address, untrusted_symbol: symbol, untrusted_name: symbol, decimals: 18, balance }
}

/** Plays a whole turn against the demo model and returns what it called, round by round, and what it said. */
function play(text: string, changes: { tools?: string[]; answers?: Record<string, Answer> } = {}) {
  const messages: Record<string, unknown>[] = [{ role: 'user', content: text }]
  const rounds: string[][] = []
  for (;;) {
    const offered = (changes.tools ?? allTools).map((name) => ({ function: { name } }))
    const { parts = [] } = toDemoReply(chatRequest.parse({ model: 'demo', messages, tools: offered }), 0)
    const calls = parts.flatMap((part) => (part.type === 'toolCalls' ? part.calls : []))
    if (calls.length === 0)
      return {
        rounds,
        calls: messages,
        said: parts.map((part) => ('text' in part ? part.text : '')).join(''),
      }
    rounds.push(calls.map(({ name }) => name))
    messages.push({
      role: 'assistant',
      content: null,
      tool_calls: calls.map((call) => ({
        id: call.id,
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      })),
    })
    for (const call of calls) {
      const answer = changes.answers?.[call.name] ?? answers[call.name]
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(answer?.(call)) })
    }
  }
}

function isAlice(call: ScriptedCall): boolean {
  return JSON.stringify(call.arguments).includes(alice)
}

describe('toDemoReply', () => {
  it('reads what Alice and Bob hold, in parallel, and repeats the figures exactly', () => {
    const { rounds, said } = play('What do Alice and Bob hold?')
    expect(rounds).toEqual([
      ['chain_context'],
      ['account_info', 'token_balances', 'account_info', 'token_balances'],
    ])
    expect(said).toContain(`| Alice | \`${alice}\` | 9999.123456789012345678 | 1000.000001 | 7 |`)
    expect(said).toContain(`| Bob | \`${bob}\` | 42.5 | 0 | 7 |`)
    expect(said).toContain('On Anvil, at block 12')
    expect(said).toContain(`- ${alice}: not a token`)
  })

  it('behavior: a hostile symbol stays inside its cell', () => {
    expect(play('What does Bob hold?').said).toContain(String.raw`| FREE\|\`x\` |`)
  })

  it.each(tools)('behavior: is tested with answers as the tool $name gives them', ({ name, output }) => {
    const call = { name, arguments: { address: alice } }
    expect(output.parse(answers[name]?.(call))).toEqual(answers[name]?.(call))
  })

  it('behavior: takes an address as well as a name, and the order of the question', () => {
    const stranger = '0x00000000219ab540356cBB839Cbe05303d7705Fa'
    const { said } = play(`balance of ${stranger} and bob, with nonce`)
    expect(said.indexOf(stranger)).toBeLessThan(said.indexOf(bob))
    expect(said).toContain('Nonce |')
  })

  it('behavior: asks for the time three times at once', () => {
    const { rounds, said } = play('Tell me the time three times')
    expect(rounds).toEqual([['time_now', 'time_now', 'time_now']])
    expect(said.match(/2026-11-05T14:07:31Z/g)).toHaveLength(3)
    expect(play('What time is it?').rounds).toEqual([['time_now']])
  })

  it.each([
    [
      'Read totalSupply of PRD',
      { address: prd, signature: 'function totalSupply() view returns (uint256)', args: [] },
    ],
    [`read name() at ${bob}`, { address: bob, signature: 'function name() view returns (string)', args: [] }],
    [
      'read balanceOf Alice of PRD',
      { address: prd, signature: 'function balanceOf(address) view returns (uint256)', args: [alice] },
    ],
  ])('behavior: %s', (text, input) => {
    const { rounds, calls, said } = play(text)
    expect(rounds).toEqual([['chain_context'], ['contract_read']])
    expect(JSON.stringify(calls)).toContain(JSON.stringify(JSON.stringify(input)))
    expect(said).toContain('1000000000000000000000000')
  })

  it('behavior: compiles a counter, or the contract in the message', () => {
    const own = play('Simulate this:\n```solidity\ncontract Mine {}\n```')
    expect(JSON.stringify(own.calls)).toContain('contract Mine')
    const { rounds, said } = play('Compile and simulate a counter contract')
    expect(rounds).toEqual([['simulate_deployment']])
    expect(said).toContain('| Gas | 123456 |')
  })

  it('behavior: thinks apart from the answer', () => {
    const request = { model: 'demo', messages: [{ role: 'user', content: 'Think aloud about gas' }] }
    const { parts = [] } = toDemoReply(chatRequest.parse(request), 0)
    expect(parts.map(({ type }) => type)).toEqual(['reasoning', 'text'])
  })

  it('behavior: says what it understands, asked or not', () => {
    for (const text of ['help', 'Sing a song'])
      expect(play(text).said).toContain('What do Alice and Bob hold?')
  })

  it('behavior: looks at the last request only', () => {
    const messages = [
      { role: 'user', content: 'What do Alice and Bob hold?' },
      { role: 'assistant', content: 'They hold much.' },
      { role: 'user', content: 'What time is it?' },
    ]
    const tools = [{ function: { name: 'time_now' } }]
    expect(toDemoReply(chatRequest.parse({ model: 'demo', messages, tools }), 0).parts).toMatchObject([
      { type: 'toolCalls', calls: [{ name: 'time_now' }] },
    ])
  })

  it('error: says which tool failed and gives no figure for it', () => {
    const failing = {
      account_info: () => ({ error: { code: 'chain_unavailable', message: 'The chain is down.' } }),
    }
    const { said } = play('What does Alice hold?', { answers: failing })
    expect(said).toContain('| not read |')
    expect(said).toContain('`account_info` failed: The chain is down.')
  })

  it('error: says when a tool is not offered or nobody is meant', () => {
    expect(play('What do Alice and Bob hold?', { tools: ['time_now'] }).said).toContain('`chain_context`')
    expect(play('What does Mallory hold?').said).toContain('I know Alice, Bob.')
  })
})
