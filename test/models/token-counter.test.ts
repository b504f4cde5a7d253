import { describe, expect, it } from 'vitest'

import { loadTokenCounter } from '../../src/models/token-counter.ts'

describe('token counter', () => {
  it('counts as the published tokenizer does', async () => {
    const counter = await loadTokenCounter({ model: 'gpt-5-mini' })
    expect(counter.isExact).toBe(true)
    expect(counter.count('hello world')).toBe(2)
    expect(counter.count('')).toBe(0)
  })

  it('takes the same tokenizer for the model behind a router', async () => {
    expect(await loadTokenCounter({ model: 'openai/gpt-5-mini' })).toBe(
      await loadTokenCounter({ model: 'gpt-4.1' }),
    )
  })

  it('counts control words of the tokenizer as their letters', async () => {
    const counter = await loadTokenCounter({ model: 'gpt-5' })
    expect(counter.count('<|endoftext|>')).toBeGreaterThan(1)
  })

  it('estimates for models whose tokenizer is not published, and not too low', async () => {
    const counter = await loadTokenCounter({ model: 'claude-sonnet-4-5' })
    const exact = await loadTokenCounter({ model: 'gpt-5' })
    const text =
      'Balance of 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045: {"balance":"1.234567"} ether. '.repeat(50)
    expect(counter.isExact).toBe(false)
    expect(counter.count(text)).toBeGreaterThan(exact.count(text) * 0.7)
    expect(counter.count('界')).toBe(2)
  })

  it('is not held up by a text without a break', { timeout: 20_000 }, async () => {
    const counter = await loadTokenCounter({ model: 'gpt-5' })
    // Whole, it would take more than a quarter of an hour.
    expect(counter.count('a'.repeat(1_000_000))).toBeGreaterThan(100_000)
  })
})
