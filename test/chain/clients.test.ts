import { encodeErrorResult, parseAbi } from 'viem'
import { expect, test } from 'vitest'

import { toChainError } from '../../src/chain/chain-error.ts'
import { createChainReader } from '../../src/chain/clients.ts'
import { ownCaller } from '../../src/services/service-caller.ts'
import { openService } from '../support/unshared-services.ts'
import { answerJson, serveFakeRpc } from './fake-rpc.ts'

const contract = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const lookup = parseAbi([
  'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
])
const never = new AbortController().signal
const asked = { chainId: 31337, caller: ownCaller }

test('reads a chain id', async () => {
  const { url } = await serveFakeRpc((response) => answerJson(response, { result: '0x7a69' }))
  await expect(
    createChainReader({
      ...asked,
      service: openService('chain:31337'),
      rpcUrl: url,
      signal: never,
    }).getChainId(),
  ).resolves.toBe(31337)
})

test('error: a redirect is not followed', async () => {
  const target = await serveFakeRpc((response) => answerJson(response, { result: '0x1' }))
  const { url } = await serveFakeRpc((response) =>
    response.writeHead(307, { location: withoutUser(target.url) }).end(),
  )
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
  }).getChainId()
  await expect(reading).rejects.toThrow('HTTP request failed')
  expect(target.requests).toEqual([])
})

test('error: a failing RPC is asked three times', async () => {
  const { url, requests } = await serveFakeRpc((response) => response.writeHead(503).end())
  await expect(
    createChainReader({
      ...asked,
      service: openService('chain:31337'),
      rpcUrl: url,
      signal: never,
    }).getChainId(),
  ).rejects.toMatchObject({ code: 'chain_unavailable', details: { tries: 3 } })
  expect(requests).toHaveLength(3)
})

test('error: an answer over the size limit is dropped', async () => {
  const { url } = await serveFakeRpc((response) =>
    answerJson(response, { result: `0x${'00'.repeat(4_096)}` }),
  )
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
    responseSizeLimitBytes: 4_096,
  }).getChainId()
  await expect(reading.catch((error: unknown) => toChainError(error, 1))).resolves.toMatchObject({
    code: 'chain_rejected',
    message: expect.stringContaining('4096 bytes'),
  })
})

test('error: an endless answer is cut at the size limit, not at the end', async () => {
  const { url } = await serveFakeRpc((response) => {
    const chunk = Buffer.alloc(64 * 1024, 'a')
    const pour = () => {
      if (!response.destroyed && response.write(chunk)) setImmediate(pour)
    }
    response.on('drain', pour)
    pour()
  })
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
  }).getChainId()
  await expect(reading.catch((error: unknown) => toChainError(error, 1))).resolves.toMatchObject({
    code: 'chain_rejected',
  })
})

test('error: an RPC that is silent ends at the time limit', async () => {
  const { url } = await serveFakeRpc(() => {})
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
    timeoutMs: 50,
  }).getChainId()
  await expect(reading.catch((error: unknown) => toChainError(error, 1))).resolves.toMatchObject({
    code: 'chain_unavailable',
    message: expect.stringContaining('in time'),
  })
})

test('error: an RPC that stops in the middle of its answer ends at the time limit', async () => {
  const { url } = await serveFakeRpc((response) => response.write('{"jsonrpc":'))
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
    timeoutMs: 50,
  }).getChainId()
  await expect(reading.catch((error: unknown) => toChainError(error, 1))).resolves.toMatchObject({
    code: 'chain_unavailable',
  })
})

test('behavior: a Stop ends a request that hangs', async () => {
  const stop = new AbortController()
  const { url } = await serveFakeRpc(() => stop.abort(new Error('stopped')))
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: stop.signal,
  }).getChainId()
  await expect(reading).rejects.toThrow('stopped')
})

test('behavior: a contract cannot make the server fetch a URL', async () => {
  const target = await serveFakeRpc((response) => answerJson(response, { data: '0x' }))
  const data = encodeErrorResult({
    abi: lookup,
    args: [contract, [withoutUser(target.url)], '0x', '0x00000000', '0x'],
  })
  const { url } = await serveFakeRpc((response) =>
    answerJson(response, { error: { code: 3, message: 'execution reverted', data } }),
  )
  const reading = createChainReader({
    ...asked,
    service: openService('chain:31337'),
    rpcUrl: url,
    signal: never,
  }).call({ to: contract })
  await expect(reading).rejects.toThrow('reverted')
  expect(target.requests).toEqual([])
})

// fetch refuses a URL with a user by itself, which is not what is tested here.
function withoutUser(url: string): string {
  return url.replace(/\/\/[^@]*@/, '//')
}
