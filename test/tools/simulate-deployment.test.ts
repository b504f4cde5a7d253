import { expect, test } from 'vitest'

import { alice, bob } from '../../dev/fixture/fixture-accounts.ts'
import simulateDeployment from '../../src/tools/simulate-deployment.ts'
import { runTool } from './run-tool.ts'

const source = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
contract Vault {
    uint256 public limit;
    address public owner;
    constructor(uint256 limit_, address owner_) { require(limit_ > 0, "no limit"); limit = limit_; owner = owner_; }
}`

test('compiles, simulates and reports', async () => {
  const stages: string[] = []
  const progress = (stage: string) => stages.push(stage)
  const output = await runTool(
    simulateDeployment,
    { source, args: ['1000000000000000000000', bob] },
    { progress },
  )
  expect(output).toMatchObject({
    contract: 'Vault',
    from: alice,
    address: '0x8464135c8F25Da09e49BC8782676a84730C318bC',
    gas: expect.stringMatching(/^\d{5,7}$/),
    costEth: expect.stringMatching(/^0\.\d+$/),
    gasPriceGwei: expect.stringMatching(/^\d/),
    compiler: expect.stringMatching(/^0\.8\.37/),
    warnings: [],
    untrusted_compilerWarnings: [],
  })
  expect(stages).toEqual([
    'loading compiler',
    'compiling',
    'reading the result',
    'choosing the deployer',
    'running the creation',
    'looking at the deployer',
  ])
})

test('behavior: the wallet of the user deploys, and is warned when it is empty', async () => {
  const wallet = '0x000000000000000000000000000000000000bEEF'
  const output = await runTool(simulateDeployment, { source, args: ['1', bob] }, { wallet })
  expect(output).toMatchObject({ from: wallet, warnings: [expect.stringContaining('less than the cost')] })
})

test('error: a constructor that reverts', async () => {
  await expect(runTool(simulateDeployment, { source, args: ['0', bob] })).rejects.toMatchObject({
    code: 'chain_rejected',
    message: expect.stringMatching(/reverted.*untrusted.*: no limit$/),
  })
})

test('error: arguments that do not fit', async () => {
  await expect(runTool(simulateDeployment, { source, args: [] })).rejects.toMatchObject({
    code: 'tool_input_invalid',
    message: 'args: expected 2 values (uint256, address), got 0.',
  })
})

test('error: a contract over the size limit', async () => {
  const big = `contract Big { bytes public constant data = hex"${'ab'.repeat(25_000)}"; }`
  await expect(runTool(simulateDeployment, { source: big })).rejects.toMatchObject({ code: 'chain_rejected' })
})

test('error: a source that does not compile', async () => {
  await expect(
    runTool(simulateDeployment, { source: 'contract A { uint x = "no"; }' }),
  ).rejects.toMatchObject({
    code: 'compile_failed',
  })
})
