import { describe, expect, it } from 'vitest'

import { chatRequest } from '../../../../src/models/scripted/chat-request.ts'
import { toDemoReply } from '../../../../src/models/scripted/demo/demo-reply.ts'
import { alice, answers, bob, play, playOn, prd, tools } from './play.ts'

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
    expect(calls[1]?.arguments).toEqual(input)
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

  it('behavior: a message that joins while tools run belongs to the same request', () => {
    const steered = { afterRound: 2, text: 'and the nonce, please' }
    const { rounds, said } = play('What do Alice and Bob hold?', { steered })
    expect(rounds).toHaveLength(2)
    expect(said).toContain('Nonce |')
    expect(said).toContain(alice)
  })

  it('behavior: a message after tools that were stopped is a new request', () => {
    const stopped = { error: { code: 'stopped', message: 'The user stopped the turn.', retryable: true } }
    const messages = [
      { role: 'user', content: 'What does Alice hold?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1_0', function: { name: 'chain_context', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1_0', content: JSON.stringify(stopped) },
      { role: 'user', content: 'What time is it?' },
    ]
    expect(playOn(messages).said).toBe('It is 2026-11-05T14:07:31Z.')
  })

  it('behavior: says what was not allowed, and goes on with the rest', () => {
    const rejected = {
      error: { code: 'permission_rejected', message: 'Do not repeat it.', retryable: false },
    }
    const { said } = play('What does Alice hold?', { answers: { token_balances: () => rejected } })
    expect(said).toContain('| 9999.123456789012345678 |')
    expect(said).toContain('- You did not allow `token_balances`, so it did not run.')
    expect(said).not.toContain('Do not repeat it')
  })

  it('behavior: shows no table when nothing was allowed', () => {
    const denied = { error: { code: 'permission_denied', message: 'Unattended.', retryable: false } }
    const refusals = { account_info: () => denied, token_balances: () => denied }
    const { said } = play('What do Alice and Bob hold?', { answers: refusals })
    expect(said).toBe(
      'I could read nothing:\n\n- `account_info` may not run in this conversation.\n- `token_balances` may not run in this conversation.',
    )
    expect(play('What does Alice hold?', { answers: { chain_context: () => denied } }).said).toBe(
      'I could not read the chain. `chain_context` may not run in this conversation.',
    )
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
