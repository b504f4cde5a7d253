import { expect, test } from 'vitest'

import { alice, bob } from '../../dev/fixture/fixture-accounts.ts'
import tokenBalances from '../../src/tools/token-balances.ts'
import { runTool } from './run-tool.ts'

test.each([
  ['Alice', alice, ['1250.5', '40']],
  ['Bob', bob, ['310.25', '7.125']],
])('tells what %s holds', async (_name, address, held) => {
  const output = await runTool(tokenBalances, { address })
  expect(output).toMatchObject({ balances: held.map((balance) => ({ balance })), failed: [] })
})

test('behavior: an address that is no token is listed, its balance unknown', async () => {
  await expect(runTool(tokenBalances, { address: alice, tokens: [bob] })).resolves.toMatchObject({
    balances: [],
    failed: [{ token: bob }],
  })
})

test('error: an empty list of tokens', async () => {
  await expect(runTool(tokenBalances, { address: alice, tokens: [] })).rejects.toThrow('tokens')
})
