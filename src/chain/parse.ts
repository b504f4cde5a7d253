/** Parsers for what models, people and operators write. Pure: tools and field schemas may import this file. */
import { checksum } from 'ox/Address'
import type { Address } from 'viem'

import { AppError } from '../contracts/errors.ts'

/**
 * Reads an address and returns it checksummed.
 * A mixed-case address must carry its right EIP-55 checksum: a wrong one is refused, never repaired.
 * @throws AppError `invalid_address`
 */
export function parseAddress(text: string): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new AppError(
      'invalid_address',
      `${quote(text)} is not an address. Write 0x and 40 hex digits; names are not accepted here.`,
    )
  }
  // From what viem is made of: each process of a tool loads this file, and viem itself takes 0.1 s.
  const address = checksum(text as Address)
  const digits = text.slice(2)
  const mixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase()
  if (mixed && address !== text) {
    throw new AppError(
      'invalid_address',
      `${quote(text)} has a wrong checksum: a character or its case was changed. Copy it again from its source.`,
    )
  }
  return address
}

/**
 * Reads an amount in whole units, as `1250.5`, and returns base units.
 * Refuses signs, exponents, separators and more decimals than the token has; nothing is rounded.
 * @throws AppError `tool_input_invalid`, whose message states the precision
 */
export function parseAmount(text: string, decimals: number): bigint {
  const fraction = decimals > 0 ? `(?:\\.(\\d{1,${decimals}}))?` : ''
  const parts = new RegExp(`^(0|[1-9]\\d{0,29})${fraction}$`).exec(text)
  if (!parts) {
    const precision = decimals > 0 ? `at most ${decimals} decimals after a point` : 'no decimals'
    throw new AppError(
      'tool_input_invalid',
      `${quote(text)} is not an amount. Write plain digits with ${precision}: no sign, exponent, comma or space.`,
    )
  }
  return BigInt(`${parts[1] ?? '0'}${(parts[2] ?? '').padEnd(decimals, '0')}`)
}

// The value goes into messages and logs, so it is kept short and printable.
function quote(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]/g, '?')
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
}
