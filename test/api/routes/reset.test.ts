import { Client as TemporalClient, Connection } from '@temporalio/client'
import { expect, test } from 'vitest'

import { workflowIdOf } from '../../../src/contracts/ids.ts'
import { useCheckedProduct } from '../checked-product.ts'

const product = useCheckedProduct({ workers: 0 })

/** The latest run of a conversation's workflow, and how many messages it was told of. */
async function readRun(id: string): Promise<{ runId: string; status: string; signals: number }> {
  const connection = await Connection.connect({ address: product().temporal })
  try {
    const handle = new TemporalClient({ connection }).workflow.getHandle(workflowIdOf(id))
    const { runId, status } = await handle.describe()
    const { events = [] } = await handle.fetchHistory()
    const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes) ?? []
    return { runId, status: status.name, signals: signals.length }
  } finally {
    await connection.close()
  }
}

function reset(id: string, token?: string) {
  return product().call('POST', `/api/conversations/${id}/reset`, token === undefined ? {} : { token })
}

test('default: what waits is given to a new workflow, and a repeat does the same again', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  for (const text of ['First', 'Second']) await client.postMessage(id, { text })
  const first = await readRun(id)
  expect(await reset(id, token)).toMatchObject({ status: 202, body: {} })
  const second = await readRun(id)
  expect(await reset(id, token)).toMatchObject({ status: 202, body: {} })
  const third = await readRun(id)

  expect(new Set([first.runId, second.runId, third.runId]).size).toBe(3)
  for (const run of [first, second, third]) expect(run).toMatchObject({ status: 'RUNNING', signals: 2 })
  const { conversation, queue } = await client.getConversation(id)
  expect([conversation.stalled, queue.map(({ text }) => text)]).toEqual([false, ['First', 'Second']])
})

test('behavior: a conversation in which nothing ever ran can be reset', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  expect(await reset(id, token)).toMatchObject({ status: 202, body: {} })
  expect((await client.listEvents(id)).events).toEqual([])
})

test('error: a conversation of somebody else is not found, and left alone', async () => {
  const { client } = await product().guest()
  const { id } = await client.createConversation()
  await client.postMessage(id, { text: 'Hello' })
  const before = await readRun(id)
  const other = await product().guest()
  for (const unknown of [id, 'c_none']) {
    expect(await reset(unknown, other.token)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
  expect(await reset(id)).toMatchObject({ status: 401 })
  expect(await readRun(id)).toEqual(before)
})
