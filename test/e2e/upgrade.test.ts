/** Workers of another build take over, and conversations that are open go on under them. */
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { questionOf, untilAsked } from '../support/asked.ts'
import { readService, untilServedBy } from '../support/deployments.ts'
import { editedBundle } from '../support/edited-bundle.ts'
import { ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, startTalk, type Talk, textOf } from '../support/talk.ts'
import { expectEachOnce, expectOneResultEach } from '../support/whole-log.ts'
import { type BundleEnv, prebuiltBundle } from '../support/worker-bundle.ts'

const engineFile = 'temporal-engine.ts'
/** An edit as a release may bring it: another command in each turn, where the history does not forbid it. */
const patchedEdits = [
  {
    file: engineFile,
    from: 'import { mustContinueAsNew }',
    to: "import { patched as isAfter, sleep as pause } from '@temporalio/workflow'\nimport { mustContinueAsNew }",
  },
  {
    file: engineFile,
    from: 'callModel: scheduleModelCall,',
    to: "callModel: async (...args) => { if (isAfter('edited')) await pause(1); return scheduleModelCall(...args) },",
  },
]
/** Another build that does what the one of the sources does. */
const equalEdit = { file: engineFile, from: 'callModel:', to: '/* Edited. */ callModel:' }

let former: BundleEnv
let edited: BundleEnv
let equal: BundleEnv
let product: Product
let client: Client

beforeAll(async () => {
  ;[former, edited, equal] = await Promise.all([
    prebuiltBundle(),
    editedBundle(...patchedEdits),
    editedBundle(equalEdit),
  ])
})
beforeEach(async () => {
  product = await startProduct({ workers: 0 })
  client = await product.login()
  return () => product.close()
})

// Processes start several times, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const answer = { ...textOf('Answer.'), repeat: true }

/** Sends another message and waits for the end of its turn. */
async function runTurn(talk: Talk, count: number): Promise<void> {
  await client.postMessage(talk.id, { text: talk.text })
  expect(await talk.following.untilTurns(count)).toMatchObject({ outcome: 'success' })
}

test('conversations that are open go on under the new build when the old one is gone', async () => {
  const worker = await product.startWorker(former)
  const formerBuild = await untilServedBy(product)
  const idle = await startTalk(product, client, 'idle', [answer])
  await idle.following.untilTurns(1)
  const gates = ['busy-0', 'busy-1']
  const busy = await startTalk(product, client, 'busy', [
    callsOf(...gates.map((gate) => ({ name: 'gated', arguments: { gate } }))),
    answer,
  ])
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate)))
  const asking = await startTalk(product, client, 'asking', [questionOf(), answer])
  const { requestId } = await untilAsked(asking.following)

  await product.startWorker(edited)
  const editedBuild = await untilServedBy(product, formerBuild)
  await worker.kill('SIGTERM')
  await Promise.all(gates.map((gate) => product.gates.untilArrived(gate, 2)))
  for (const gate of gates) product.gates.open(gate)

  expect(await busy.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  expectOneResultEach(busy.following.events)
  await client.answerRequest(requestId, { answers: { which: 'left' } })
  expect(await asking.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  expectOneResultEach(asking.following.events)
  for (const talk of [idle, busy, asking]) await runTurn(talk, 2)
  for (const talk of [idle, busy, asking]) {
    talk.following.close()
    await expectEachOnce(client, talk.id, talk.following.events)
    expect(await readService(product, talk.id)).toMatchObject({
      builds: [formerBuild, editedBuild],
      failedTasks: 0,
      patches: 1,
    })
  }
})

test('a tool that ends while its worker stops has its result used by the new build', async () => {
  const worker = await product.startWorker(former)
  const formerBuild = await untilServedBy(product)
  const talk = await startTalk(product, client, 'ending', [
    callsOf({ name: 'gated', arguments: { gate: 'ending' } }),
    answer,
  ])
  await product.gates.untilArrived('ending')
  await product.startWorker(edited)
  const editedBuild = await untilServedBy(product, formerBuild)
  const stopped = worker.kill('SIGTERM')
  product.gates.open('ending')

  expect(await talk.following.untilTurns(1)).toMatchObject({ outcome: 'success' })
  await stopped
  talk.following.close()
  expectOneResultEach(talk.following.events)
  expect(await readService(product, talk.id)).toMatchObject({
    builds: [formerBuild, editedBuild],
    failedTasks: 0,
  })
})

test('with both builds running, only the new one gets work, also after an old worker was restarted', async () => {
  const old = await product.startWorker(former)
  const formerBuild = await untilServedBy(product)
  const open = await startTalk(product, client, 'open', [answer])
  await open.following.untilTurns(1)
  const fresh = await product.startWorker(edited)
  const editedBuild = await untilServedBy(product, formerBuild)
  const first = await startTalk(product, client, 'first', [answer])
  await first.following.untilTurns(1)
  await old.kill('SIGKILL')
  await product.startWorker(former)
  const second = await startTalk(product, client, 'second', [answer])
  await second.following.untilTurns(1)
  await runTurn(open, 2)

  for (const { id } of [first, second]) {
    expect(await readService(product, id)).toMatchObject({ builds: [editedBuild], pids: [fresh.pid] })
  }
  expect(await readService(product, open.id)).toMatchObject({
    builds: [formerBuild, editedBuild],
    pids: [old.pid, fresh.pid],
  })
  for (const talk of [open, first, second]) talk.following.close()
})

test('a build that has lost its workers leaves its work to the one that is there', async () => {
  const old = await product.startWorker(former)
  const formerBuild = await untilServedBy(product)
  const talk = await startTalk(product, client, 'back', [answer])
  await talk.following.untilTurns(1)
  const fresh = await product.startWorker(equal)
  const equalBuild = await untilServedBy(product, formerBuild)
  await runTurn(talk, 2)

  await fresh.kill('SIGKILL')
  await runTurn(talk, 3)
  await product.startWorker(equal)
  await runTurn(talk, 4)
  await old.kill('SIGTERM')
  await runTurn(talk, 5)

  talk.following.close()
  expect(await readService(product, talk.id)).toMatchObject({
    builds: [formerBuild, equalBuild, formerBuild, equalBuild],
    failedTasks: 0,
  })
})

test('an upgrade of two workers under load fails no turn', async () => {
  await Promise.all([product.startWorker(former), product.startWorker(former)])
  const formerBuild = await untilServedBy(product)
  let rolling = true
  const talks = await Promise.all(
    Array.from({ length: 6 }, (_, index) => startTalk(product, client, `load-${index}`, [answer])),
  )
  const loads = talks.map(async (talk) => {
    for (let count = 2; rolling; count += 1) await runTurn(talk, count)
  })
  for (const old of product.workers.slice()) {
    await product.startWorker(edited)
    await old.kill('SIGTERM')
  }
  rolling = false
  await Promise.all(loads)

  const editedBuild = await untilServedBy(product, formerBuild)
  for (const talk of talks) {
    talk.following.close()
    const outcomes = ofType(talk.following.events, 'turn.finished').map(({ outcome }) => outcome)
    expect(new Set(outcomes)).toEqual(new Set(['success']))
    // Of the latest run: a conversation that has had many turns continues as new.
    const { builds, failedTasks } = await readService(product, talk.id)
    expect(builds.at(-1)).toBe(editedBuild)
    expect(failedTasks).toBe(0)
  }
})
