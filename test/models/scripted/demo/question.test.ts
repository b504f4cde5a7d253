import { expect, test } from 'vitest'

import { checkAnswers } from '../../../../src/schemas/check-answers.ts'
import { toQuestionForm } from '../../../../src/toolkit/to-question-form.ts'
import askUser from '../../../../src/tools/ask-user.ts'
import { alice, answers, bob, play } from './play.ts'

const text = 'Ask me which account to look at'

test('shows a form, and goes on with the account that was chosen', () => {
  const { rounds, said } = play(text)
  expect(rounds).toEqual([['chain_context'], ['ask_user'], ['account_info', 'token_balances']])
  expect(said).toContain(`| Bob | \`${bob}\` | 42.5 | 0 | 7 |`)
  expect(said).not.toContain('| Alice |')
})

test('the form is one that can be shown: a choice, several choices and a free text', () => {
  const asked = play(text).calls.find(({ name }) => name === 'ask_user')
  const form = toQuestionForm(askUser, askUser.input.parse(asked?.arguments))
  expect(form.questions.map(({ id, kind, required }) => [id, kind, required])).toEqual([
    ['account', 'single', true],
    ['show', 'multiple', true],
    ['note', 'text', false],
  ])
  expect(checkAnswers(form, { account: 'Alice' })).toEqual({
    ok: true,
    answers: { account: 'Alice', show: ['eth', 'tokens'] },
  })
})

test('behavior: reads no more than was asked for, and repeats the note as text', () => {
  const chosen = { answers: { account: 'Alice', show: ['nonce'], note: 'a | b\n`c`' } }
  const { rounds, said } = play(text, { answers: { ask_user: () => chosen } })
  expect(rounds[2]).toEqual(['account_info'])
  expect(said).toContain(`| Account | Address | Nonce |\n| --- | --- | --- |\n| Alice | \`${alice}\` | 7 |`)
  expect(said).toContain(String.raw`Your note: a \| b \`c\``)
})

test('behavior: without named accounts it asks for an address', () => {
  const nameless = {
    ...Object(answers['chain_context']?.({ name: 'chain_context', arguments: {} })),
    namedAccounts: [],
  }
  const { calls, said } = play(text, {
    answers: {
      chain_context: () => nameless,
      ask_user: () => ({ answers: { account: bob, show: ['eth'] } }),
    },
  })
  const form = toQuestionForm(askUser, askUser.input.parse(calls[1]?.arguments))
  expect(form.questions[0]).toMatchObject({ id: 'account', kind: 'text', required: true })
  expect(said).toContain('| 42.5 |')
})

test.each([
  ['question_declined', 'You did not want to answer, so I did nothing.'],
  ['no_answer', 'Nobody answered in time, so I did nothing.'],
])('error: %s', (code, expected) => {
  const refused = { error: { code, message: 'Told to the model.', retryable: false } }
  const { rounds, said } = play(text, { answers: { ask_user: () => refused } })
  expect(rounds).toHaveLength(2)
  expect(said).toBe(expected)
})

test('error: says so when the answer names no account', () => {
  const chosen = { answers: { account: 'nobody', show: ['eth'] } }
  expect(play(text, { answers: { ask_user: () => chosen } }).said).toBe(
    'I find no account in your answer: nobody',
  )
})
