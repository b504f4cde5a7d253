import { z } from 'zod'

import { ask, describeFailure, findCall, readValue, say, toPlain } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'
import type { DemoTurn } from './demo-turn.ts'
import { chainContext, findAccounts } from './known-accounts.ts'
import type { KnownChain } from './known-accounts.ts'

// Return types of the functions that people ask for; anything else is read as a number.
const outputs = new Map([
  ['name', 'string'],
  ['symbol', 'string'],
  ['decimals', 'uint8'],
  ['owner', 'address'],
])

const readResult = z.object({ untrusted_result: z.unknown() })

/** Reads one function of a token or a contract. */
export const contractReadSkill: DemoSkill = {
  example: 'Read totalSupply of PRD (or: read name() at 0x…, read balanceOf Alice of PRD)',
  answer(turn) {
    const [, name] = /\bread\s+`?([a-zA-Z_]\w*)/i.exec(turn.text) ?? []
    if (!name || !/\b(of|at|from|on)\b/i.test(turn.text)) return undefined
    const read = findCall(turn, 'contract_read')
    if (read) return say(turn, describe(name, turn))
    const asked = findCall(turn, 'chain_context')
    if (!asked) return ask(turn, [{ name: 'chain_context', arguments: {} }])
    const chain = readValue(asked, chainContext)
    if (!chain) return say(turn, `I could not read the chain. ${describeFailure(asked)}`)
    return readContract(name, chain, turn)
  },
}

function readContract(name: string, chain: KnownChain, turn: DemoTurn) {
  const target =
    /\b(?:of|at|from|on)\s+`?(0x[0-9a-f]{40}|[\w.-]+)`?\s*[?.!]?\s*$/i.exec(turn.text.trim())?.[1] ?? ''
  const token = chain.tokens.find(({ symbol }) => symbol.toLowerCase() === target.toLowerCase())
  const address = token?.address ?? (target.startsWith('0x') ? target : undefined)
  if (!address) {
    const symbols = chain.tokens.map(({ symbol }) => symbol).join(', ')
    return say(
      turn,
      `I do not know the contract. Give its 0x address, or a token of the registry: ${symbols || 'none here'}.`,
    )
  }
  const args = findAccounts(turn.text, chain).filter(
    (account) => account.address.toLowerCase() !== address.toLowerCase(),
  )
  const inputs = args.map(() => 'address').join(', ')
  const signature = `function ${name}(${inputs}) view returns (${outputs.get(name) ?? 'uint256'})`
  return ask(turn, [
    {
      name: 'contract_read',
      arguments: { address, signature, args: args.map((account) => account.address) },
    },
  ])
}

function describe(name: string, turn: DemoTurn): string {
  return turn.calls
    .filter((call) => call.name === 'contract_read')
    .map((call) => {
      const value = readValue(call, readResult)
      if (!value) return describeFailure(call)
      const result = value.untrusted_result
      return `\`${name}\` is **${toPlain(typeof result === 'string' ? result : JSON.stringify(result))}**, as the contract answers it.`
    })
    .join('\n')
}
