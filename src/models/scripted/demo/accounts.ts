import { describeHoldings, readsOf } from './holdings-table.ts'
import { ask, describeFailure, findCall, readValue, say } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'
import { chainContext, findAccounts } from './known-accounts.ts'

const aboutAccounts =
  /\b(hold|holds|holding|own|owns|has|have|balance|balances|nonce|account|accounts|tokens|much)\b|\b0x[0-9a-f]{40}\b/i

/** Tells what accounts hold: learns who they are, reads all of them at once, and answers with a table. */
export const accountSkill: DemoSkill = {
  example: 'What do Alice and Bob hold? (any named account or 0x address)',
  answer(turn) {
    if (!aboutAccounts.test(turn.text)) return undefined
    const asked = findCall(turn, 'chain_context')
    if (!asked) return ask(turn, [{ name: 'chain_context', arguments: {} }])
    const chain = readValue(asked, chainContext)
    if (!chain) return say(turn, `I could not read the chain. ${describeFailure(asked)}`)
    const accounts = findAccounts(turn.text, chain)
    if (accounts.length === 0) return say(turn, nobodyMeant(chain.namedAccounts.map(({ name }) => name)))
    const shown = { eth: true, tokens: true, nonce: /nonce/i.test(turn.text) }
    if (turn.calls.length > 1) return say(turn, describeHoldings(accounts, chain, turn, shown))
    return ask(turn, readsOf(accounts, shown))
  },
}

function nobodyMeant(names: string[]): string {
  const known = names.length > 0 ? ` I know ${names.join(', ')}.` : ''
  return `I do not know whom you mean.${known} A 0x address works too.`
}
