import { expect, test } from 'vitest'

import { alice, bob } from '../../dev/fixture/fixture-accounts.ts'
import { openTestClient } from '../support/anvil.ts'
import { localChain } from '../support/servers.ts'
import { openChains } from './open-chains.ts'

const { signal } = new AbortController()
const local = await localChain()

test('reads balance, nonce and code at one block', async () => {
  const chains = await openChains(local)
  const info = await chains.chain().accountInfo(alice.toLowerCase(), { signal })
  expect(info).toMatchObject({ address: alice, balanceEth: '10000', nonce: 0, code: 'none' })
  expect(info.block).toEqual({
    number: expect.stringMatching(/^\d+$/),
    hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  })
})

test('behavior: a contract and an account that runs other code are told apart', async () => {
  const chains = await openChains(local)
  const delegated = '0x000000000000000000000000000000000000c0DE'
  await openTestClient(local.rpcUrl).setCode({
    address: delegated,
    bytecode: `0xef0100${bob.slice(2).toLowerCase()}`,
  })
  const contract = '0xcA11bde05977b3631167028862bE2a173976CA11'
  await expect(chains.chain().accountInfo(contract, { signal })).resolves.toMatchObject({ code: 'contract' })
  await expect(chains.chain().accountInfo(delegated, { signal })).resolves.toMatchObject({
    code: 'delegated',
  })
})

test('error: a wrong checksum', async () => {
  const chains = await openChains(local)
  const reading = chains.chain().accountInfo(`${alice.slice(0, -1)}9`, { signal })
  await expect(reading).rejects.toMatchObject({ code: 'invalid_address' })
})
