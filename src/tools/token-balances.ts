import { z } from 'zod'

import { shortAddress } from '../toolkit/short-address.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { address, blockRef, chainId, decimal, untrustedText } from '../toolkit/fields.ts'

const balance = z.object({
  token: address,
  registrySymbol: z
    .string()
    .optional()
    .describe('Symbol in the curated registry; absent for every other token, whatever it calls itself.'),
  untrusted_symbol: untrustedText,
  untrusted_name: untrustedText,
  removedCharacters: z
    .int()
    .optional()
    .describe('Invisible characters that the symbol and name had: a sign of a forged token.'),
  decimals: z.int(),
  balance: decimal,
})

export default defineTool({
  name: 'token_balances',
  title: (input) => `Token balances of ${shortAddress(input.address)}`,
  description:
    'ERC-20 balances of one address on one chain, all at one block, as decimal strings in whole tokens. Without tokens it reads every token of the curated registry (see chain_context). Symbols and names come from the contracts: a token with a well-known symbol that is not in the registry may be a forgery. It takes addresses only. For the native coin use account_info.',
  effect: 'read',
  quick: true,
  targets: ({ tokens = [] }) => ({ contracts: tokens }),
  uses: ['chain'],
  input: z.strictObject({
    address: address.describe('The holder: 0x and 40 hex digits, copied exactly. Never a name.'),
    tokens: z
      .array(address)
      .min(1)
      .max(25)
      .optional()
      .describe('Addresses of token contracts, at most 25. Leave it out for those of the registry.'),
    chainId: chainId.optional(),
  }),
  output: z.object({
    block: blockRef,
    balances: z.array(balance),
    failed: z
      .array(z.object({ token: address, reason: z.string() }))
      .describe('Addresses that are not ERC-20 tokens. Their balance is unknown, not zero.'),
  }),
  async run(input, { services, signal, chainId: usual }) {
    const request = { address: input.address, ...(input.tokens ? { tokens: input.tokens } : {}) }
    return services.chain(input.chainId ?? usual).tokenBalances(request, { signal })
  },
})
