import { z } from 'zod'

import { shortAddress } from '../toolkit/short-address.ts'
import { defineTool } from '../toolkit/define-tool.ts'
import { address, blockRef, chainId, codeKind, decimal } from '../toolkit/fields.ts'

export default defineTool({
  name: 'account_info',
  title: (input) => `Account ${shortAddress(input.address)}`,
  description:
    'Native coin balance, nonce and kind of code of one address on one chain, at one block. The balance is a decimal string in whole units of the native coin. For ERC-20 tokens use token_balances. It takes an address only: find named accounts with chain_context.',
  effect: 'read',
  quick: true,
  uses: ['chain'],
  input: z.strictObject({ address, chainId: chainId.optional() }),
  output: z.object({
    address,
    balanceEth: decimal.describe('Balance of the native coin, in whole units.'),
    nonce: z.int().describe('How many transactions the account has sent.'),
    code: codeKind,
    block: blockRef,
  }),
  async run(input, { services, signal, chainId: usual }) {
    return services.chain(input.chainId ?? usual).accountInfo(input.address, { signal })
  },
})
