import { describe, expect, it } from 'vitest'

import { buildSystem } from '../../src/models/build-system.ts'

const prompt = { text: 'You are an agent.', version: '1', hash: '0' }
const time = new Date('2026-11-05T14:07:31Z')

describe('buildSystem', () => {
  it('puts the prompt first, then the instructions, then the memory, then facts made by code', () => {
    const facts = {
      wallet: '0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B',
      chainId: 31337,
      chainName: 'Anvil',
      time,
    }
    const memory = 'The user holds 5 ETH.'
    expect(buildSystem({ prompt, facts, instructions: 'Answer in German.', memory })).toBe(
      [
        'You are an agent.',
        '## Instructions for this conversation\n\nAnswer in German.',
        '## Earlier conversations\n\nThe user holds 5 ETH.',
        [
          '## Facts\n',
          "- The user's wallet: 0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B",
          '- Chain of this conversation: Anvil (chain id 31337)',
          '- Time: 2026-11-05, between 14:00 and 14:59 UTC. For the exact time use a tool.',
        ].join('\n'),
      ].join('\n\n'),
    )
  })

  it('behavior: a guest has no wallet, and blank instructions and memories are none', () => {
    const text = buildSystem({ prompt, facts: { chainId: 1, time }, instructions: ' ', memory: '\n' })
    expect(text).toContain('- The user is a guest')
    expect(text).toContain('- Chain of this conversation: chain id 1')
    expect(text).not.toContain('Instructions')
    expect(text).not.toContain('Earlier')
  })

  it('behavior: stays the same for an hour, so that services can cache the conversation', () => {
    const at = (clock: string) =>
      buildSystem({ prompt, facts: { chainId: 1, time: new Date(`2026-11-05T${clock}Z`) } })
    expect(at('14:00:00')).toBe(at('14:59:59'))
    expect(at('14:59:59')).not.toBe(at('15:00:00'))
  })
})
