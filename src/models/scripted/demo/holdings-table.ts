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

/** What of an account is wanted. */
export type Holdings = { eth: boolean; tokens: boolean; nonce: boolean }

/** The calls that read what is wanted of some accounts. */
export function readsOf(accounts: NamedAddress[], { eth, tokens, nonce }: Holdings) {
  return accounts.flatMap(({ address }) => [
    ...(eth || nonce ? [{ name: 'account_info', arguments: { address } }] : []),
    ...(tokens ? [{ name: 'token_balances', arguments: { address } }] : []),
  ])
}

/** Writes a Markdown table from tool results; every figure stands there as the tool gave it. */
export function describeHoldings(
  accounts: NamedAddress[],
  chain: KnownChain,
  turn: DemoTurn,
  shown: Holdings,
): string {
  const rows = accounts.map((account) => readRow(account, turn))
  const failures = listFailures(turn)
  if (rows.every(({ isRead }) => !isRead)) return ['I could read nothing:', '', ...failures].join('\n')
  const tokens = [
    ...new Map(rows.flatMap(({ balances }) => balances).map(({ token, symbol }) => [token, symbol])),
  ]
  const head = [
    'Account',
    'Address',
    ...(shown.eth ? ['ETH'] : []),
    ...tokens.map(([, symbol]) => symbol),
    ...(shown.nonce ? ['Nonce'] : []),
  ]
  const lines = rows.map((row) => [
    row.name,
    `\`${row.address}\``,
    ...(shown.eth ? [row.eth] : []),
    ...tokens.map(([token]) => row.balances.find((balance) => balance.token === token)?.amount ?? '–'),
    ...(shown.nonce ? [row.nonce] : []),
  ])
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  const block = rows.find((row) => row.block)?.block
  const where = `On ${toPlain(chain.name)}${block ? `, at block ${block}` : ''}:`
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
  /** Whether any tool answered. */
  isRead: boolean
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
    isRead: info !== undefined || tokens !== undefined,
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
  const lines = [...calls, ...tokens.map(({ token, reason }) => `${token}: ${toPlain(reason)}`)]
  return [...new Set(lines)].map((line) => `- ${line}`)
}

const addressed = z.object({ address: z.string() })

function findFor(turn: DemoTurn, name: string, address: string): DemoCall | undefined {
  return turn.calls.find(
    (call) => call.name === name && addressed.safeParse(call.input).data?.address === address,
  )
}
