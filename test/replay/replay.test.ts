/**
 * Histories of this and earlier versions replay with the workflow code of now. One that does not would stop
 * every conversation that stands in the same place: put the change behind `patched()`.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'

import packageJson from '../../package.json' with { type: 'json' }
import { buildBundle } from '../../src/worker/build-bundle.ts'
import { type Engine, openEngine } from '../workflows/engine.ts'
import { readHistory, readRuns } from './read-histories.ts'
import { scenarios } from './scenarios.ts'

const folder = join(import.meta.dirname, 'histories')
const files = (await readdir(folder)).filter((file) => file.endsWith('.json'))

let engine: Engine
let bundle: Awaited<ReturnType<typeof buildBundle>>
beforeAll(async () => {
  engine = await openEngine()
  bundle = await buildBundle()
})
afterAll(() => engine.close())

/** The names of the histories that do not replay, with the reason. */
async function findBroken(texts: ReadonlyMap<string, string>): Promise<string[]> {
  const histories = [...texts].map(([name, text]) => ({
    workflowId: `conversation:${name}`,
    history: readHistory(text),
  }))
  const broken: string[] = []
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: bundle },
    histories,
  )) {
    if (error !== undefined) broken.push(`${workflowId}: ${error.message}`)
  }
  return broken
}

test('histories of every version replay', async () => {
  const texts = new Map<string, string>()
  for (const file of files) texts.set(file, await readFile(join(folder, file), 'utf8'))
  expect(texts.size).toBeGreaterThan(0)
  expect(await findBroken(texts)).toEqual([])
})

test('behavior: a history that this code cannot have made is noticed', async () => {
  const file = files.find((name) => name.endsWith('parallel-tools.json')) ?? ''
  const text = await readFile(join(folder, file), 'utf8')
  const other = text.replaceAll('"name": "runTool"', '"name": "somethingElse"')
  expect(await findBroken(new Map([[file, other]]))).toHaveLength(1)
})

test(
  'behavior: every scenario of this version replays, and is recorded when asked for',
  { timeout: 120_000 },
  async () => {
    const texts = new Map<string, string>()
    for (const [name, { activities, play, calls }] of Object.entries(scenarios)) {
      const conversation = engine.open(activities)
      await play(conversation)
      const runs = await readRuns(engine.environment, conversation.handle)
      for (const [index, text] of runs.entries()) {
        texts.set(`${packageJson.version}-${name}${index === 0 ? '' : `-run-${index + 1}`}.json`, text)
      }
      for (const [index, workflowId] of (calls?.(conversation) ?? []).entries()) {
        const handle = engine.environment.client.workflow.getHandle(workflowId)
        await handle.result()
        const [text = ''] = await readRuns(engine.environment, handle)
        texts.set(`${packageJson.version}-${name}-call-${index + 1}.json`, text)
      }
    }
    expect(await findBroken(texts)).toEqual([])
    if (process.env['RECORD_HISTORIES'] !== '1') return
    for (const [file, text] of texts) await writeFile(join(folder, file), text)
  },
)
