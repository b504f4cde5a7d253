import type { ServerResponse } from 'node:http'

import { expect, onTestFinished, test } from 'vitest'

import { alice } from '../../dev/fixture/fixture-accounts.ts'
import { connectChains } from '../../src/chain/connect-chains.ts'
import type { ChainsOptions } from '../../src/chain/connect-chains.ts'
import { localChain } from '../support/servers.ts'
import { answerJson, rpcKey, serveFakeRpc } from './fake-rpc.ts'
import { openChains } from './open-chains.ts'
import { openServices } from '../support/unshared-services.ts'

const { signal } = new AbortController()
const local = await localChain()

async function connect(options: Omit<ChainsOptions, 'services'>) {
  const chains = await connectChains({ services: openServices(), ...options })
  onTestFinished(() => chains.close())
  return chains
}

test('lists the chains with what was found', async () => {
  const chains = await openChains(local)
  expect(chains.list()).toEqual([{ chainId: 31337, name: 'Local Anvil', local: true, ok: true }])
})

test('tells where a chain stands, with named accounts and tokens', async () => {
  const chains = await openChains(local)
  const context = await chains.chain(31337).context({ signal })
  expect(context).toMatchObject({ chainId: 31337, name: 'Local Anvil', nativeSymbol: 'ETH', local: true })
  expect(context.namedAccounts.map(({ name }) => name)).toEqual(['Alice', 'Bob'])
  expect(context.tokens.map(({ symbol, decimals }) => [symbol, decimals])).toEqual([
    ['USDP', 6],
    ['PRD', 18],
  ])
  expect(Number(context.block.number)).toBeGreaterThan(0)
  expect(new Date(context.block.timestamp).getTime()).toBeGreaterThan(0)
  expect(Number(context.baseFeeGwei)).toBeGreaterThanOrEqual(0)
})

test('behavior: names do not count on a chain that only looks local', async () => {
  const { url } = await serveFakeRpc((response, body) => void forwardAsOtherClient(body, response))
  const chains = await connect({
    chains: [{ chainId: 31337, rpcUrl: url }],
    namedAccounts: [{ name: 'Alice', address: alice }],
  })
  const context = await chains.chain().context({ signal })
  expect(context).toMatchObject({ local: false, namedAccounts: [] })
})

test('behavior: a node that is down stops no start and is found when it is back', async () => {
  let isUp = false
  const { url } = await serveFakeRpc((response) =>
    isUp ? answerJson(response, { result: '0x1' }) : response.writeHead(503).end(),
  )
  const problems: unknown[] = []
  const chains = await connect({
    chains: [{ chainId: 1, rpcUrl: url }],
    onProblem: (chainId, error) => problems.push([chainId, String(error)]),
  })
  expect(chains.list()).toEqual([{ chainId: 1, name: 'Ethereum', local: false, ok: false }])
  expect(JSON.stringify(problems)).not.toContain(rpcKey)
  expect(problems).toHaveLength(1)
  await expect(chains.chain(1).accountInfo(alice, { signal })).rejects.toMatchObject({
    code: 'chain_unavailable',
  })
  isUp = true
  await expect(chains.check()).resolves.toMatchObject([{ ok: true }])
})

test('error: a URL that serves another chain is not read from', async () => {
  const chains = await connect({ chains: [{ chainId: 1, rpcUrl: local.rpcUrl }] })
  await expect(chains.chain(1).accountInfo(alice, { signal })).rejects.toMatchObject({
    code: 'chain_rejected',
    message: 'Chain 1: Its RPC serves chain 31337. Correct the entry 1 of PERDURA_CHAINS.',
  })
})

test('error: an unknown chain names the configured ones', async () => {
  const chains = await openChains(local)
  expect(() => chains.chain(8453)).toThrow(
    'Chain 8453 is not configured. Configured: 31337. Add it to PERDURA_CHAINS or use another chain.',
  )
})

test('error: no chain at all', async () => {
  const chains = await connect({ chains: [] })
  expect(() => chains.chain()).toThrow(expect.objectContaining({ code: 'unknown_chain' }))
})

test('behavior: a Stop ends a reading of a node that hangs', async () => {
  const stop = new AbortController()
  let asked = 0
  const { url } = await serveFakeRpc((response) => {
    asked += 1
    if (asked === 1) answerJson(response, { result: '0x1' })
    else stop.abort(new Error('stopped'))
  })
  const chains = await connect({ chains: [{ chainId: 1, rpcUrl: url }] })
  await expect(chains.chain(1).accountInfo(alice, { signal: stop.signal })).rejects.toThrow('stopped')
})

test('behavior: a Stop ends the wait for a check that hangs', async () => {
  const stop = new AbortController()
  const { url, requests } = await serveFakeRpc(() => {})
  const chains = await connect({ chains: [{ chainId: 1, rpcUrl: url }], timeoutMs: 5_000 })
  const reading = chains.chain(1).accountInfo(alice, { signal: stop.signal })
  stop.abort(new Error('stopped'))
  await expect(reading).rejects.toThrow('stopped')
  expect(requests).toHaveLength(1)
})

// Answers as the local chain does, but under the name of other software.
async function forwardAsOtherClient(body: string, response: ServerResponse): Promise<void> {
  if (body.includes('web3_clientVersion')) return answerJson(response, { result: 'Geth/v1.17.0' })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(local.rpcUrl, { method: 'POST', body, headers })
  response.writeHead(200, headers).end(await answer.text())
}
