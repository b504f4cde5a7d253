import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import type { CallTargets } from '../../src/contracts/permission.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import { toCallTargets } from '../../src/toolkit/to-call-targets.ts'
import type { ServiceName, Tool } from '../../src/toolkit/tool.ts'
import accountInfo from '../../src/tools/account-info.ts'
import contractRead from '../../src/tools/contract-read.ts'
import timeNow from '../../src/tools/time-now.ts'
import tokenBalances from '../../src/tools/token-balances.ts'

const alice = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const bob = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const conversation = { chainId: 31337 }

function toTool(targets: () => Partial<CallTargets>, uses: ServiceName[] = []): Tool {
  return defineTool({
    name: 'sample',
    title: () => 'Sample',
    description: 'A sample.',
    effect: 'external',
    targets,
    uses,
    input: z.object({}),
    output: z.object({}),
    run: async () => ({}),
  })
}

describe('without a word of the tool', () => {
  test("the chain is the input's, or the conversation's for a tool that reads chains", () => {
    const [none, given] = [{ address: alice }, { address: alice, chainId: 1 }]
    expect(toCallTargets(accountInfo, none, conversation)).toEqual({
      chainId: 31337,
      contracts: [],
      domains: [],
    })
    expect(toCallTargets(accountInfo, given, conversation)).toEqual({
      chainId: 1,
      contracts: [],
      domains: [],
    })
    expect(toCallTargets(timeNow, {}, conversation)).toEqual({ contracts: [], domains: [] })
  })
})

test('contract_read is directed at its contract, token_balances at its tokens', () => {
  const read = toCallTargets(contractRead, { address: alice.toLowerCase() }, conversation)
  expect(read).toEqual({ chainId: 31337, contracts: [alice], domains: [] })
  const balances = toCallTargets(tokenBalances, { address: alice, tokens: [bob] }, conversation)
  expect(balances.contracts).toEqual([bob])
  expect(toCallTargets(tokenBalances, { address: alice }, conversation).contracts).toEqual([])
})

test('behavior: contracts are checksummed, domains as browsers write them, none twice', () => {
  const tool = toTool(() => ({
    chainId: 10,
    contracts: [alice.toLowerCase(), alice],
    domains: ['API.Example.com', 'api.example.com.'],
  }))
  expect(toCallTargets(tool, {}, conversation)).toEqual({
    chainId: 10,
    contracts: [alice],
    domains: ['api.example.com'],
  })
})

test.each<[string, () => Partial<CallTargets>]>([
  ['no address', () => ({ contracts: ['Alice'] })],
  ['a wrong checksum', () => ({ contracts: [`${alice.slice(0, -1)}9`] })],
  ['a URL', () => ({ domains: ['https://example.com/'] })],
  [
    'an error',
    () => {
      throw new Error('A fault of the tool.')
    },
  ],
])('error: a tool that names %s', (_what, targets) => {
  expect(() => toCallTargets(toTool(targets), {}, conversation)).toThrow(
    expect.objectContaining({ code: 'tool_failed', message: expect.stringContaining('sample') }),
  )
})
