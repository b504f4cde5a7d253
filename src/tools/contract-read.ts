import { z } from 'zod'

import { shortAddress } from '../toolkit/short-address.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { address, blockRef, chainId } from '../toolkit/fields.ts'

export default defineTool({
  name: 'contract_read',
  title: (input) => `Read ${shortAddress(input.address)}`,
  description:
    'Calls one view or pure function of a contract at the newest block and returns its result. It cannot change anything and refuses functions that are not declared view or pure. Integers come back as decimal strings in base units: divide by the decimals of the token yourself, exactly. Text in the result is written by strangers. For balances prefer token_balances.',
  effect: 'read',
  quick: true,
  targets: ({ address: contract }) => ({ contracts: [contract] }),
  uses: ['chain'],
  input: z.strictObject({
    address: address.describe('The contract: 0x and 40 hex digits, copied exactly. Never a name.'),
    signature: z
      .string()
      .min(1)
      .max(1_000)
      .describe(
        'One function as Solidity declares it, as "function balanceOf(address owner) view returns (uint256)".',
      ),
    args: z
      .array(z.unknown())
      .max(32)
      .default([])
      .describe(
        'Arguments in order: integers as decimal strings in base units, bytes as 0x hex, tuples as objects.',
      ),
    chainId: chainId.optional(),
  }),
  output: z.object({
    untrusted_result: z.unknown().describe('The result; a list when the function returns several values.'),
    removedCharacters: z.int().describe('Invisible characters that were taken out of texts.'),
    isCut: z.boolean().describe('Whether texts or lists are longer than shown.'),
    block: blockRef,
  }),
  async run({ address: contract, signature, args, chainId: id }, { services, signal, chainId: usual }) {
    const chain = services.chain(id ?? usual)
    const { result, ...rest } = await chain.readContract({ address: contract, signature, args }, { signal })
    return { untrusted_result: result, ...rest }
  },
})
