import { z } from 'zod'

import { ask, describeFailure, findCall, readValue, say, toPlain } from './demo-answer.ts'
import type { DemoSkill } from './demo-answer.ts'
import { describeHoldings, readsOf } from './holdings-table.ts'
import { chainContext, findAccounts } from './known-accounts.ts'
import type { KnownChain } from './known-accounts.ts'

const formAnswers = z.object({
  answers: z.object({
    account: z.string(),
    show: z.array(z.string()),
    note: z.string().optional(),
  }),
})

/** Asks back before it looks: shows a form with choices, and goes on with what was chosen. */
export const questionSkill: DemoSkill = {
  example: 'Ask me which account to look at (shows a form, and waits for you)',
  answer(turn) {
    if (!/\bask me\b/i.test(turn.text)) return undefined
    const context = findCall(turn, 'chain_context')
    if (!context) return ask(turn, [{ name: 'chain_context', arguments: {} }])
    const chain = readValue(context, chainContext)
    if (!chain) return say(turn, `I could not read the chain. ${describeFailure(context)}`)
    const asked = findCall(turn, 'ask_user')
    if (!asked) return ask(turn, [{ name: 'ask_user', arguments: toForm(chain) }])
    const answered = readValue(asked, formAnswers)
    if (!answered) return say(turn, describeFailure(asked))
    const { account, show, note } = answered.answers
    const accounts = findAccounts(account, chain)
    if (accounts.length === 0) return say(turn, `I find no account in your answer: ${toPlain(account)}`)
    const shown = {
      eth: show.includes('eth'),
      tokens: show.includes('tokens'),
      nonce: show.includes('nonce'),
    }
    if (turn.calls.length === 2) return ask(turn, readsOf(accounts, shown))
    const holdings = describeHoldings(accounts, chain, turn, shown)
    return say(turn, note === undefined ? holdings : `${holdings}\n\nYour note: ${toPlain(note)}`)
  },
}

function toForm({ namedAccounts }: KnownChain) {
  const options = namedAccounts.slice(0, 50).map(({ name }) => ({ value: name, label: name }))
  const account = { id: 'account', label: 'Which account do you want to look at?' }
  return {
    title: 'An account to look at',
    questions: [
      options.length === 0
        ? { ...account, kind: 'text', hint: 'No account has a name here: write a 0x address.' }
        : { ...account, kind: 'single', options },
      {
        id: 'show',
        label: 'What do you want to know of it?',
        kind: 'multiple',
        options: [
          { value: 'eth', label: 'How much ETH it holds' },
          { value: 'tokens', label: 'Which tokens it holds' },
          { value: 'nonce', label: 'How many transactions it has sent' },
        ],
        default: ['eth', 'tokens'],
      },
      {
        id: 'note',
        label: 'Is there anything to write below the answer?',
        kind: 'text',
        required: false,
        maxLength: 200,
      },
    ],
  }
}
