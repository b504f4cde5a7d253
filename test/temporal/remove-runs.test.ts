import { randomBytes } from 'node:crypto'

import { expect, test, vi } from 'vitest'

import { workflowIdOf } from '../../src/contracts/ids.ts'
import { useHandWorkers } from '../worker/hand-worker.ts'

const workers = useHandWorkers()
const patience = { timeout: 60_000, interval: 100 }

async function listRuns(id: string): Promise<string[]> {
  const runs: string[] = []
  for await (const { runId } of workers().client.list({ query: `WorkflowId = '${workflowIdOf(id)}'` }))
    runs.push(runId)
  return runs
}

test('every run of a conversation is removed, with its history', { timeout: 120_000 }, async () => {
  const { workflows } = workers().open()
  const id = `c_${randomBytes(6).toString('hex')}`
  const begin = () =>
    workflows.signalMessages({ conversationId: id, owner: { id: 'o' }, model: 'm', turns: 0 }, [
      { messageId: 'm', position: 1 },
    ])
  await begin()
  await workflows.terminate(id, 'test')
  await begin()
  await vi.waitFor(async () => expect(await listRuns(id)).toHaveLength(2), patience)
  const runs = await listRuns(id)
  await workflows.remove(id)
  for (const runId of runs) {
    const handle = workers().client.getHandle(workflowIdOf(id), runId)
    await vi.waitFor(() => expect(handle.fetchHistory()).rejects.toThrow(/not found/i), patience)
  }
  await vi.waitFor(async () => expect(await listRuns(id)).toEqual([]), patience)
  // A repeat has nothing to do.
  await workflows.remove(id)
})
