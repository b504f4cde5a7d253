import { expect, test } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import contractRead from '../../src/tools/contract-read.ts'
import { localChain } from '../support/servers.ts'
import { runTool } from './run-tool.ts'

const { tokens } = await localChain()
const address = /USDP=(0x\w+)/.exec(tokens)?.[1]

test('reads a function of a contract', async () => {
  const signature = 'function balanceOf(address owner) view returns (uint256)'
  await expect(runTool(contractRead, { address, signature, args: [alice] })).resolves.toMatchObject({
    untrusted_result: '1250500000',
    removedCharacters: 0,
    isCut: false,
  })
})

test('behavior: texts of a contract are marked as untrusted', async () => {
  const signature = 'function name() view returns (string)'
  await expect(runTool(contractRead, { address, signature })).resolves.toMatchObject({
    untrusted_result: 'Perdura Dollar',
  })
})

test('error: a function that could change something', async () => {
  const signature = 'function transfer(address to, uint256 amount) returns (bool)'
  await expect(runTool(contractRead, { address, signature, args: [alice, '1'] })).rejects.toMatchObject({
    code: 'tool_input_invalid',
    message: expect.stringContaining('not declared view or pure'),
  })
})
