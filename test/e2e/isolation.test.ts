import { join } from 'node:path'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { toolCallLimit } from '../../src/contracts/limits.ts'
import type { ScriptedCall } from '../../src/models/scripted/scripted-reply.ts'
import { isAlive } from '../support/child-processes.ts'
import { type Following, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, stopAndGoOn, type Talk, textOf } from '../support/talk.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({
    env: {
      ...(await prebuiltBundle()),
      PERDURA_TOOLS: join(import.meta.dirname, '..', 'fixtures', 'isolated', 'tools'),
      PERDURA_TOOL_TIMEOUT_MS: '1500',
      PERDURA_TOOL_MEMORY_MB: '128',
      PERDURA_TOOL_SLOTS: '8',
    },
  })
  client = await product.login()
})
afterAll(() => product.close())

vi.setConfig({ testTimeout: 240_000 })

const misbehave = (how: unknown): ScriptedCall => ({ name: 'misbehave', arguments: { how } })
const dawdle = (how: string): ScriptedCall => ({ name: 'dawdle', arguments: { how } })

/** Plays replies as one turn to its end. */
async function play(key: string, ...replies: Parameters<typeof startTalk>[3]): Promise<Talk> {
  const talk = await startTalk(product, client, key, replies)
  expect(await talk.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  talk.following.close()
  return talk
}

/** The nth process that spins for this call, by its id. */
async function untilSpins({ events, until }: Following, others: readonly number[] = []): Promise<number> {
  const isNext = (message: string | undefined) => message !== undefined && !others.includes(Number(message))
  await until((event) => event.type === 'tool.progress' && isNext(event.message))
  const found = ofType(events, 'tool.progress').find(({ message }) => isNext(message))
  return Number(found?.message)
}

test('a tool that spins holds up no other conversation, and Stop ends it with its process', async () => {
  const spinning = await startTalk(product, client, 'spin', [
    callsOf({ name: 'spin_long', arguments: {} }),
    textOf('Again.'),
  ])
  const pid = await untilSpins(spinning.following)
  const beside = await play(
    'beside',
    callsOf({ name: 'time_now', arguments: {} }, { name: 'behave', arguments: {} }),
    textOf('Done.'),
  )
  expect(ofType(beside.following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok'])
  expect(ofType(spinning.following.events, 'tool.completed')).toEqual([])
  expect(isAlive(pid)).toBe(true)

  const { end, next } = await stopAndGoOn(client, spinning)
  expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  expect(next).toMatchObject({ outcome: 'success' })
  expect(ofType(spinning.following.events, 'tool.completed')).toMatchObject([{ status: 'cancelled' }])
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 })
})

test.for([
  ['eatHeap', 'more than the 128 MB of memory'],
  ['eatBuffers', 'more than the 128 MB of memory'],
  ['exit', 'ended its own process'],
  ['throwLater', 'threw an error outside of its call'],
  ['spin', 'did not give the processor back'],
])('error: %s is an error that the model reads, and the worker goes on', async ([how = '', why = '']) => {
  const { following } = await play(
    `crash-${how}`,
    callsOf(how === 'spin' ? dawdle(how) : misbehave(how)),
    textOf('Without it, then.'),
  )
  const [end] = ofType(following.events, 'tool.completed')
  expect(end).toMatchObject({ status: 'error', error: { code: 'tool_crashed', retryable: false } })
  expect(end?.error?.message).toContain(why)
  const [, request] = await product.model.requests(`crash-${how}`)
  expect(JSON.stringify(request?.body)).toContain(why)
  expect(product.workers.map(({ pid }) => isAlive(pid))).toEqual([true])
})

test('behavior: services answer from the worker, step by step', async () => {
  const { following } = await play(
    'services',
    callsOf({ name: 'ask_services', arguments: {} }),
    textOf('Done.'),
  )
  expect(ofType(following.events, 'tool.completed')).toMatchObject([
    {
      status: 'ok',
      output: {
        chain: {
          chainId: 31337,
          context: { chainId: 31337, local: true },
          account: { code: 'none' },
          unknown: { code: 'unknown_chain', text: expect.stringContaining('31337') },
        },
        others: {
          chainId: 31337,
          contract: 'Counter',
          stages: ['loading compiler', 'compiling', 'reading the result'],
          result: { code: 'result_unknown' },
          hits: [],
        },
      },
    },
  ])
})

test('behavior: an output of 10 MB passes', async () => {
  const sizeBytes = 10 * 1024 * 1024
  const { following } = await play(
    'large',
    callsOf({ name: 'behave', arguments: { sizeBytes } }),
    textOf('Done.'),
  )
  expect(ofType(following.events, 'tool.completed')).toMatchObject([{ status: 'ok', ref: { sizeBytes } }])
})

test.for(['SIGTERM', 'SIGKILL'] as const)(
  'behavior: a worker that ends by %s leaves no process behind, and its call is tried again',
  async (signal) => {
    const talk = await startTalk(product, client, signal, [
      callsOf({ name: 'spin_long', arguments: {} }),
      textOf('Again.'),
    ])
    const first = await untilSpins(talk.following)
    await product.workers.pop()?.kill(signal)
    await vi.waitFor(() => expect(isAlive(first)).toBe(false), { timeout: 20_000 })
    await product.startWorker()
    await untilSpins(talk.following, [first])
    const { end } = await stopAndGoOn(client, talk)
    expect(end).toMatchObject({ outcome: 'cancelled', code: 'stopped' })
  },
)

test('error: 32 calls of one reply fail in 32 ways, and the model reads each', async () => {
  const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const failing: [ScriptedCall, string][] = [
    [dawdle('spin'), 'tool_crashed'],
    [misbehave('exitWithCode'), 'tool_crashed'],
    [misbehave('throwLater'), 'tool_crashed'],
    [misbehave('segfault'), 'tool_crashed'],
    [misbehave('eatHeap'), 'tool_crashed'],
    [dawdle('takeLong'), 'tool_timeout'],
    [misbehave('throwError'), 'tool_failed'],
    [misbehave('throwNothing'), 'tool_failed'],
    [misbehave('throwHostile'), 'tool_failed'],
    [misbehave('recurse'), 'tool_failed'],
    [misbehave('forgeMessages'), 'tool_failed'],
    [misbehave('rejectChain'), 'chain_rejected'],
    [misbehave('rejectInput'), 'tool_input_invalid'],
    [misbehave('unavailable'), 'chain_unavailable'],
    [misbehave('returnNothing'), 'tool_output_invalid'],
    [misbehave('returnOther'), 'tool_output_invalid'],
    [misbehave('returnBigint'), 'tool_output_invalid'],
    [misbehave('returnCircle'), 'tool_output_invalid'],
    [misbehave('returnThrower'), 'tool_output_invalid'],
    [misbehave('returnMuch'), 'result_too_large'],
    [misbehave('nothing of the kind'), 'tool_input_invalid'],
    [misbehave(7), 'tool_input_invalid'],
    [{ name: 'misbehave', arguments: {} }, 'tool_input_invalid'],
    [{ name: 'misbehave', arguments: { how: 'exit', more: 1 } }, 'tool_input_invalid'],
    [{ name: 'misbehave', arguments: '{"how":' }, 'tool_input_invalid'],
    [{ name: 'misbehave', arguments: '"exit"' }, 'tool_input_invalid'],
    [{ name: 'misbehave', arguments: '['.repeat(40) }, 'tool_input_invalid'],
    [{ name: 'never_heard_of', arguments: {} }, 'tool_unknown'],
    [{ name: 'read_result', arguments: { callId: 't9.r9.c9' } }, 'result_unknown'],
    [{ name: 'account_info', arguments: { address, chainId: 5 } }, 'unknown_chain'],
    [
      { name: 'account_info', arguments: { address: address.toLowerCase().replace('c8', 'C8') } },
      'tool_input_invalid',
    ],
    [{ name: 'simulate_deployment', arguments: { source: 'contract A {' } }, 'compile_failed'],
  ]
  expect(failing).toHaveLength(toolCallLimit)
  const { following } = await play(
    'all',
    callsOf(...failing.map(([call]) => call)),
    textOf('Nothing worked.'),
  )
  const ends = new Map(
    ofType(following.events, 'tool.completed').map(({ callId, error }) => [
      callId.split('.c').at(-1),
      error?.code,
    ]),
  )
  expect(failing.map(([call], index) => [call, ends.get(String(index))])).toEqual(failing)
  const [, request] = await product.model.requests('all')
  expect(JSON.stringify(request?.body).match(/\{\\"error\\":/g)).toHaveLength(toolCallLimit)
  expect(product.workers.map(({ pid }) => isAlive(pid))).toEqual([true])
})
