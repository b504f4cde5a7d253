import { z } from 'zod'

import { describeFailure, readValue, toPlain } from './demo-answer.ts'
import type { DemoCall, DemoTurn } from './demo-turn.ts'
import type { KnownChain, NamedAddress } from './known-accounts.ts'

const accountInfo = z.object({
  balanceEth: z.string(),
  nonce: z.number(),
  block: z.object({ number: z.string() }),
})

const tokenBalances = z.object({
  balances: z.array(z.object({ token: z.string(), untrusted_symbol: z.string(), balance: z.string() })),
  failed: z.array(z.object({ token: z.string(), reason: z.string() })).optional(),
})

/** Writes a Markdown table from tool results; every figure stands there as the tool gave it. */
export function describeHoldings(accounts: NamedAddress[], chain: KnownChain, turn: DemoTurn): string {
  const rows = accounts.map((account) => readRow(account, turn))
  const tokens = [
    ...new Map(rows.flatMap(({ balances }) => balances).map(({ token, symbol }) => [token, symbol])),
  ]
  const withNonce = /nonce/i.test(turn.text)
  const head = [
    'Account',
    'Address',
    'ETH',
    ...tokens.map(([, symbol]) => symbol),
    ...(withNonce ? ['Nonce'] : []),
  ]
  const lines = rows.map((row) => [
    row.name,
    `\`${row.address}\``,
    row.eth,
    ...tokens.map(([token]) => row.balances.find((balance) => balance.token === token)?.amount ?? '–'),
    ...(withNonce ? [row.nonce] : []),
  ])
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  const block = rows.find((row) => row.block)?.block
  const where = `On ${toPlain(chain.name)}${block ? `, at block ${block}` : ''}:`
  const failures = listFailures(turn)
  return [
    where,
    '',
    ...table,
    ...(failures.length > 0 ? ['', 'Not everything could be read:', '', ...failures] : []),
  ].join('\n')
}

type Row = {
  name: string
  address: string
  eth: string
  nonce: string
  block: string | undefined
  balances: Balance[]
}
type Balance = { token: string; symbol: string; amount: string }

function readRow({ name, address }: NamedAddress, turn: DemoTurn): Row {
  const info = readValue(findFor(turn, 'account_info', address), accountInfo)
  const tokens = readValue(findFor(turn, 'token_balances', address), tokenBalances)
  return {
    name: toPlain(name),
    address,
    eth: info?.balanceEth ?? 'not read',
    nonce: info ? String(info.nonce) : 'not read',
    block: info?.block.number,
    balances: (tokens?.balances ?? []).map(({ token, untrusted_symbol: symbol, balance }) => ({
      token,
      symbol: toPlain(symbol),
      amount: balance,
    })),
  }
}

function listFailures(turn: DemoTurn): string[] {
  const calls = turn.calls.filter(({ result }) => !result.ok).map(describeFailure)
  const tokens = turn.calls.flatMap((call) => readValue(call, tokenBalances)?.failed ?? [])
  return [...calls, ...tokens.map(({ token, reason }) => `${token}: ${toPlain(reason)}`)].map(
    (line) => `- ${line}`,
  )
}

const addressed = z.object({ address: z.string() })

function findFor(turn: DemoTurn, name: string, address: string): DemoCall | undefined {
  return turn.calls.find(
    (call) => call.name === name && addressed.safeParse(call.input).data?.address === address,
  )
}
