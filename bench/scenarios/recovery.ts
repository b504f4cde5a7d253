import { setTimeout as pause } from 'node:timers/promises'

import { Client, Connection } from '@temporalio/client'

import type { Client as HttpClient } from '../../src/client/create-client.ts'
import { workflowIdOf } from '../../src/contracts/ids.ts'
import { logIn, openDriver } from '../driver.ts'
import { scriptModel } from '../model-script.ts'
import { percentile, round } from '../percentile.ts'
import type { BenchProduct } from '../product.ts'
import type { Figure, Scenario } from '../scenario.ts'
import { startWorker } from '../worker-process.ts'

const repeats = 5
const workMs = 1_000
const words = 50
/** When the worker dies, after its work began. */
const killAfterMs = 500

type Work = 'answer' | 'tools'
type Bench = { product: BenchProduct; client: HttpClient; temporal: Client; index: number }

/** kill -9 of the worker in mid-work: from the kill to the end of the turn, less the work that is done again. */
export const recovery: Scenario = {
  name: 'recovery',
  about: `${repeats} kills each, ${killAfterMs} ms into work of ${workMs} ms; the whole work is done again and taken off`,
  async run(product) {
    const connection = await Connection.connect({ address: product.temporalAddress })
    const bench: Bench = {
      product,
      client: await logIn(product.url),
      temporal: new Client({ connection }),
      index: 0,
    }
    const figures: Figure[] = []
    for (const work of ['answer', 'tools'] as const) {
      const inPlace: number[] = []
      const takenOver: number[] = []
      for (let index = 0; index < repeats; index++) {
        inPlace.push(await killSupervised(bench, work))
        takenOver.push(await killOther(bench, work))
      }
      figures.push(...toFigures(`mid-${work}, restarted in place`, inPlace, 1_200))
      figures.push(...toFigures(`mid-${work}, another worker takes over`, takenOver, 2_500))
    }
    await connection.close()
    return figures
  },
}

function toFigures(name: string, times: readonly number[], atMost: number): Figure[] {
  return [
    { name: `${name}: p50`, value: round(percentile(times, 0.5)), unit: 'ms', goal: { atMost } },
    { name: `${name}: worst`, value: round(Math.max(...times)), unit: 'ms' },
  ]
}

async function killSupervised(bench: Bench, work: Work): Promise<number> {
  let restarted: Promise<void> | undefined
  const kill = () => {
    restarted = bench.product.killWorker()
  }
  const addedMs = await killDuring(bench, work, kill, () => true)
  await restarted
  return addedMs
}

/** A second worker that nobody restarts runs the work, and dies. */
async function killOther(bench: Bench, work: Work): Promise<number> {
  const other = await startWorker(bench.product.settings)
  const isOther = (identity: string) => identity.startsWith(`${other.pid}@`)
  return killDuring(bench, work, () => void other.kill('SIGKILL'), isOther)
}

/** Runs turns until one's work is on the wanted worker, kills that, and returns what the kill added. */
async function killDuring(
  bench: Bench,
  work: Work,
  kill: () => void,
  isWanted: (identity: string) => boolean,
): Promise<number> {
  for (;;) {
    const key = `recovery-${bench.index++}`
    await scriptModel(bench.product.settings, key, toScript(work))
    const driver = await openDriver(bench.client, 'scripted/demo')
    const began = driver.next(({ type }) => type === (work === 'answer' ? 'text.delta' : 'tool.started'))
    const turn = driver.runTurn(`Go [script:${key}]`)
    await began
    await pause(killAfterMs)
    const identities = await listWorkers(bench.temporal, driver.conversationId)
    const killedMs = performance.now()
    const wanted = identities.length > 0 && identities.every(isWanted)
    if (wanted) kill()
    const { outcome } = await turn
    driver.close()
    if (outcome !== 'success') throw new Error(`A turn ended with ${outcome}.`)
    if (wanted) return performance.now() - killedMs - workMs
  }
}

function toScript(work: Work) {
  const answer = { type: 'text' as const, text: 'word '.repeat(words), paceMs: workMs / words }
  if (work === 'answer') return [{ parts: [answer] }, { parts: [answer] }]
  const calls = [0, 1, 2].map(() => ({ name: 'wait', arguments: { waitMs: workMs } }))
  return [
    { parts: [{ type: 'toolCalls' as const, calls }] },
    { parts: [{ type: 'text' as const, text: 'Done.' }] },
  ]
}

async function listWorkers(temporal: Client, conversationId: string): Promise<string[]> {
  const { raw } = await temporal.workflow.getHandle(workflowIdOf(conversationId)).describe()
  return (raw.pendingActivities ?? []).map(({ lastWorkerIdentity }) => lastWorkerIdentity ?? '')
}
