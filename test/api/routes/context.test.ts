import { Client as TemporalClient, Connection } from '@temporalio/client'
import { expect, test } from 'vitest'

import { workflowIdOf } from '../../../src/contracts/ids.ts'
import { useCheckedProduct } from '../checked-product.ts'

// Nobody works: what is asked for waits.
const product = useCheckedProduct({ workers: 0, env: { PERDURA_OPEN_TURN_LIMIT: '2' } })

function ask(id: string, what: 'compact' | 'clear', token?: string) {
  return product().call('POST', `/api/conversations/${id}/${what}`, token === undefined ? {} : { token })
}

/** What a conversation's workflow was told, in order. */
async function listSignals(id: string): Promise<string[]> {
  const connection = await Connection.connect({ address: product().temporal })
  try {
    const handle = new TemporalClient({ connection }).workflow.getHandle(workflowIdOf(id))
    const { events } = await handle.fetchHistory()
    return (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? [])
  } finally {
    await connection.close()
  }
}

test('compact: 202, and the workflow is told, also one that was never there', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  expect(await ask(id, 'compact', token)).toMatchObject({ status: 202, body: {} })
  expect(await ask(id, 'compact', token)).toMatchObject({ status: 202, body: {} })
  expect(await listSignals(id)).toEqual(['compactHistory', 'compactHistory'])
  expect((await client.listEvents(id)).events).toEqual([])
})

test('clear: 204, also where there is nothing to forget', async () => {
  const { client, token } = await product().guest()
  const { id } = await client.createConversation()
  expect(await ask(id, 'clear', token)).toMatchObject({ status: 204 })
  expect((await client.listEvents(id)).events).toEqual([])
})

test('error: one turn too many of an owner is refused', async () => {
  const { client, token } = await product().guest()
  for (let count = 0; count < 2; count++) {
    const { id } = await client.createConversation()
    await client.postMessage(id, { text: 'Hello' })
  }
  const { id } = await client.createConversation()
  expect(await ask(id, 'compact', token)).toMatchObject({ status: 429, body: { code: 'too_many_turns' } })
})

test('error: a conversation of somebody else is not found', async () => {
  const { client } = await product().guest()
  const { id } = await client.createConversation()
  const other = await product().guest()
  for (const what of ['compact', 'clear'] as const) {
    for (const unknown of [id, 'c_none']) {
      expect(await ask(unknown, what, other.token)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      })
    }
    expect(await ask(id, what)).toMatchObject({ status: 401 })
  }
})
