import { expect, test } from 'vitest'

import { alice, bob } from '../../dev/fixture/fixture-accounts.ts'
import chainContext from '../../src/tools/chain-context.ts'
import { runTool } from './run-tool.ts'

test('says who Alice and Bob are and which tokens are known', async () => {
  await expect(runTool(chainContext, {})).resolves.toMatchObject({
    chainId: 31337,
    local: true,
    namedAccounts: [
      { name: 'Alice', address: alice },
      { name: 'Bob', address: bob },
    ],
    tokens: [
      { symbol: 'USDP', decimals: 6 },
      { symbol: 'PRD', decimals: 18 },
    ],
  })
})

test('error: a chain that is not configured', async () => {
  await expect(runTool(chainContext, { chainId: 8453 })).rejects.toMatchObject({ code: 'unknown_chain' })
})
