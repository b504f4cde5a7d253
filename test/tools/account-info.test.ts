import { expect, test } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import accountInfo from '../../src/tools/account-info.ts'
import { runTool } from './run-tool.ts'

test('tells balance, nonce and kind of code', async () => {
  await expect(runTool(accountInfo, { address: alice })).resolves.toMatchObject({
    address: alice,
    balanceEth: '10000',
    nonce: 0,
    code: 'none',
  })
})

test('behavior: its title shows the address short', () => {
  expect(accountInfo.title({ address: alice })).toBe('Account 0x7099…79C8')
})

test('error: a name instead of an address', async () => {
  await expect(runTool(accountInfo, { address: 'Alice' })).rejects.toThrow('names are not accepted')
})
