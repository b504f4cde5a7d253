import { readFile } from 'node:fs/promises'

import { createPublicClient, http, parseAbi } from 'viem'
import { expect, test } from 'vitest'

import { compileFixture } from '../../dev/fixture/compile.ts'
import { deployFixture } from '../../dev/fixture/deploy-fixture.ts'
import { alice, bob } from '../../dev/fixture/fixture-accounts.ts'
import { demoToken } from '../../dev/fixture/fixture-artifacts.ts'
import { localChain } from '../support/servers.ts'

test('gives Alice and Bob the tokens that the documents name', async () => {
  const { rpcUrl, namedAccounts, tokens } = await localChain()
  expect(namedAccounts).toBe(`Alice=${alice},Bob=${bob}`)
  const reader = createPublicClient({ transport: http(rpcUrl) })
  const abi = parseAbi(['function balanceOf(address) view returns (uint256)'])
  const held = async (symbol: string, holder: `0x${string}`) => {
    const [, digits] = new RegExp(`31337:${symbol}=0x(\\w{40}):`).exec(tokens) ?? []
    return reader.readContract({ address: `0x${digits}`, abi, functionName: 'balanceOf', args: [holder] })
  }
  await expect(held('USDP', alice)).resolves.toBe(1_250_500_000n)
  await expect(held('USDP', bob)).resolves.toBe(310_250_000n)
  await expect(held('PRD', alice)).resolves.toBe(40n * 10n ** 18n)
  await expect(held('PRD', bob)).resolves.toBe(7_125n * 10n ** 15n)
})

test('behavior: deploying again changes nothing and sends nothing', async () => {
  const { rpcUrl, namedAccounts, tokens } = await localChain()
  await expect(deployFixture(rpcUrl)).resolves.toEqual({ namedAccounts, tokens })
})

test('behavior: the committed code is what its source compiles to', async () => {
  const source = await readFile(new URL('../../dev/fixture/DemoToken.sol', import.meta.url), 'utf8')
  expect(compileFixture(source).get('DemoToken')?.bytecode).toBe(demoToken.bytecode)
})
