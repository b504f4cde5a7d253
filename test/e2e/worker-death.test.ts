import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { ofType } from '../support/follow.ts'
import { listRetryReasons } from '../support/histories.ts'
import { untilJournaled } from '../support/journal.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach, expectSameTexts } from '../support/whole-log.ts'
import { prebuiltBundle } from '../support/worker-bundle.ts'

let product: Product
let client: Client

beforeAll(async () => {
  product = await startProduct({ env: await prebuiltBundle() })
  client = await product.login()
})
afterAll(() => product.close())

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

/** Kills the only worker; one worker lives afterwards. */
type Replace = () => Promise<void>

// A worker that is up notices a death long before the heartbeat does. One that must start first may not.
const replacements: [string, RegExp, Replace][] = [
  [
    'restarted in place',
    /worker_died|Heartbeat timeout/,
    async () => {
      await product.workers.pop()?.kill('SIGKILL')
      await product.startWorker()
    },
  ],
  [
    'another one takes over',
    /^worker_died$/,
    async () => {
      await product.startWorker()
      await product.workers.shift()?.kill('SIGKILL')
    },
  ],
]

describe.each(replacements)('kill -9 of the worker, %s', (name, reason, replaceWorker) => {
  const keyOf = (test: string) => `${test}-${name.replaceAll(' ', '-')}`

  test('runs three tools again, each with one result', async () => {
    const key = keyOf('tools')
    const gates = [0, 1, 2].map((index) => `${key}-${index}`)
    const { id, following } = await startTalk(product, client, key, [
      callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
      textOf('All done.'),
    ])
    await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
    await untilJournaled(product.databaseUrl, 3)

    await replaceWorker()
    await Promise.all(gates.map((gate) => product.gates.untilArrived(gate, 2)))
    for (const gate of gates) product.gates.open(gate)
    const end = await following.untilTurns(1)
    following.close()

    expect(end).toMatchObject({ outcome: 'success' })
    expectOneResultEach(following.events)
    expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
    await expectEachOnce(client, id, following.events)
    const retries = Array.from({ length: 3 }, () => expect.stringMatching(reason))
    expect(await listRetryReasons(product, id)).toEqual(retries)
  })

  test('asks a model that was streaming again, and voids what it had said', async () => {
    const key = keyOf('stream')
    const { id, following } = await startTalk(product, client, key, [
      textOf('These words are', { gate: 'never' }),
      textOf('The whole answer.'),
    ])
    const voided = await following.until(({ type }) => type === 'text.delta')
    await untilJournaled(product.databaseUrl, 1)

    await replaceWorker()
    const end = await following.untilTurns(1)
    following.close()

    expect(end).toMatchObject({ outcome: 'success' })
    expect(voided).toMatchObject({ attempt: 1 })
    expect(ofType(following.events, 'text.completed')).toMatchObject([
      { attempt: 2, text: 'The whole answer.' },
    ])
    await expectSameTexts(client, id, following.events)
    await expectEachOnce(client, id, following.events)
    expect(await listRetryReasons(product, id)).toEqual([expect.stringMatching(reason)])
  })

  test('goes on with the step that was running', async () => {
    const key = keyOf('steps')
    const { id, following } = await startTalk(product, client, key, [
      callsOf({ name: 'gated_steps', arguments: { gate: key } }),
      textOf('Three steps.'),
    ])
    product.gates.open(`${key}-one`)
    await product.gates.untilArrived(`${key}-two`)
    await untilJournaled(product.databaseUrl, 1)

    await replaceWorker()
    await product.gates.untilArrived(`${key}-two`, 2)
    for (const step of ['two', 'three']) product.gates.open(`${key}-${step}`)
    const end = await following.untilTurns(1)
    following.close()

    expect(end).toMatchObject({ outcome: 'success' })
    expect(['one', 'two', 'three'].map((step) => product.gates.arrivals(`${key}-${step}`))).toEqual([1, 2, 1])
    expect(ofType(following.events, 'tool.step').map(({ step }) => step)).toEqual(['one', 'two', 'three'])
    await expectEachOnce(client, id, following.events)
    expect(await listRetryReasons(product, id)).toEqual([expect.stringMatching(reason)])
  })
})
