import { z } from 'zod'

import { defineTool } from '../toolkit/define-tool.ts'
import { address, blockRef, chainId } from '../toolkit/fields.ts'

export default defineTool({
  name: 'chain_context',
  title: ({ chainId: id }) => (id === undefined ? 'Chain context' : `Context of chain ${id}`),
  description:
    'What one chain is and where it stands: name, native coin, newest block, base fee, the tokens of the curated registry, and on a local chain the accounts that have names, as Alice and Bob. Call it first when the user names a person or a token symbol: the other tools take addresses only. A symbol or name that is not listed here has no known address: ask the user, never guess one.',
  effect: 'read',
  quick: true,
  uses: ['chain'],
  input: z.strictObject({ chainId: chainId.optional() }),
  output: z.object({
    chainId: z.int(),
    name: z.string(),
    nativeSymbol: z.string(),
    local: z.boolean().describe('Whether this is a development chain, whose coins and tokens have no value.'),
    block: blockRef.extend({ timestamp: z.string().describe('ISO 8601, in UTC.') }),
    baseFeeGwei: z.string(),
    namedAccounts: z.array(z.object({ name: z.string(), address })),
    tokens: z.array(z.object({ symbol: z.string(), address, decimals: z.int() })),
  }),
  async run(input, { services, signal, chainId: usual }) {
    return services.chain(input.chainId ?? usual).context({ signal })
  },
})
