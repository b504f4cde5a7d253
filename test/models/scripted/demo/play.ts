import accountInfo from '../../../../src/tools/account-info.ts'
import askUser from '../../../../src/tools/ask-user.ts'
import chainContext from '../../../../src/tools/chain-context.ts'
import contractRead from '../../../../src/tools/contract-read.ts'
import simulateDeployment from '../../../../src/tools/simulate-deployment.ts'
import timeNow from '../../../../src/tools/time-now.ts'
import tokenBalances from '../../../../src/tools/token-balances.ts'
import { chatRequest } from '../../../../src/models/scripted/chat-request.ts'
import type { ScriptedCall } from '../../../../src/models/scripted/scripted-reply.ts'
import { toDemoReply } from '../../../../src/models/scripted/demo/demo-reply.ts'

export const alice = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
export const bob = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const prd = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
export const tools = [
  timeNow,
  chainContext,
  accountInfo,
  tokenBalances,
  contractRead,
  simulateDeployment,
  askUser,
]
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

export type Answer = (call: ScriptedCall) => unknown

export const answers: Record<string, Answer> = {
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
  ask_user: () => ({ answers: { account: 'Bob', show: ['eth', 'tokens'] } }),
  time_now: () => ({ utc: '2026-11-05T14:07:31Z', unixSeconds: 1, weekday: 'Thursday' }),
}

function token(address: string, symbol: string, balance: string) {
  return { token: address, untrusted_symbol: symbol, untrusted_name: symbol, decimals: 18, balance }
}

/** A message that the user sends while tools of a round run, so that it joins the turn. */
type Steered = { afterRound: number; text: string }

type Changes = { tools?: string[]; answers?: Record<string, Answer>; steered?: Steered }

/** Plays a whole turn against the demo model and returns what it called, round by round, and what it said. */
export function play(text: string, changes: Changes = {}) {
  return playOn([{ role: 'user', content: text }], changes)
}

/** The same in a conversation that has these messages already. */
export function playOn(messages: Record<string, unknown>[], { steered, ...changes }: Changes = {}) {
  const rounds: ScriptedCall[][] = []
  for (;;) {
    const offered = (changes.tools ?? allTools).map((name) => ({ function: { name } }))
    const { parts = [] } = toDemoReply(chatRequest.parse({ model: 'demo', messages, tools: offered }), 0)
    const calls = parts.flatMap((part) => (part.type === 'toolCalls' ? part.calls : []))
    if (calls.length === 0)
      return {
        rounds: rounds.map((round) => round.map(({ name }) => name)),
        calls: rounds.flat(),
        said: parts.map((part) => ('text' in part ? part.text : '')).join(''),
      }
    rounds.push(calls)
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
    if (rounds.length === steered?.afterRound) messages.push({ role: 'user', content: steered.text })
  }
}

function isAlice(call: ScriptedCall): boolean {
  return JSON.stringify(call.arguments).includes(alice)
}
