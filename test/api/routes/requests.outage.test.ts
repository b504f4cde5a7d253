import { Client as TemporalClient, Connection } from '@temporalio/client'
import { beforeAll, expect, test, vi } from 'vitest'

import { workflowIdOf } from '../../../src/contracts/ids.ts'
import { feltCall, untilAsked, untilNth } from '../../support/asked.ts'
import { follow, type Following, ofType } from '../../support/follow.ts'
import { temporalAddress } from '../../support/servers.ts'
import { callsOf, textOf } from '../../support/talk.ts'
import { type Guest, useCheckedProduct } from '../checked-product.ts'
import { openCutter } from '../cutter.ts'

// Only the api goes through the wire; workers have their own way to the server.
const wire = await openCutter(await temporalAddress())
const product = useCheckedProduct({ workers: 0, temporal: wire.address })

let guest: Guest
beforeAll(async () => {
  await product().startWorker({ TEMPORAL_ADDRESS: await temporalAddress() })
  guest = await product().guest()
  return () => wire.close()
})

async function startAsking(key: string): Promise<{ id: string; following: Following; requestId: string }> {
  await product().model.script(key, [callsOf(feltCall(key)), textOf('Done.')])
  product().gates.open(key)
  const { id } = await guest.client.createConversation()
  const following = follow(guest.client, id)
  await guest.client.postMessage(id, { text: `Go [script:${key}]` })
  const { requestId } = await untilAsked(following)
  await untilNth(following, 'turn.waiting')
  return { id, following, requestId }
}

const approve = (requestId: string) =>
  product().call('POST', `/api/requests/${requestId}/response`, {
    token: guest.token,
    body: { decision: 'approve' },
  })

test('error: while Temporal cannot be reached an answer is refused, and counts once when repeated', async () => {
  const { following, requestId } = await startAsking('cut')
  wire.cut()
  try {
    const refused = await approve(requestId)
    expect(refused).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await guest.client.listRequests()).requests).toHaveLength(1)
  } finally {
    wire.mend()
  }
  await vi.waitFor(async () => expect((await approve(requestId)).status).toBe(200), 20_000)
  await following.untilTurns(1)
  following.close()
  expect(product().gates.arrivals('cut')).toBe(1)
  expect(ofType(following.events, 'request.resolved')).toHaveLength(1)
})

test('error: when the workflow is gone its turn ends, and the answer learns that', async () => {
  const { id, following, requestId } = await startAsking('gone')
  const connection = await Connection.connect({ address: await temporalAddress() })
  try {
    const temporal = new TemporalClient({ connection })
    await temporal.workflow.getHandle(workflowIdOf(id)).terminate('test')
  } finally {
    await connection.close()
  }
  expect(await approve(requestId)).toMatchObject({
    status: 409,
    body: { code: 'request_resolved', outcome: 'cancelled' },
  })
  expect(await following.untilTurns(1)).toMatchObject({ outcome: 'error' })
  following.close()
  expect(product().gates.arrivals('gone')).toBe(0)
})

test('error: while no worker is up an answer is refused, and counts once when repeated', async () => {
  const { following, requestId } = await startAsking('alone')
  await Promise.all(product().workers.map((worker) => worker.kill('SIGKILL')))
  const refused = await Promise.all([approve(requestId), approve(requestId)])
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'no_worker' } })
    expect(answer.headers.get('retry-after')).toBe('2')
  }
  await product().startWorker({ TEMPORAL_ADDRESS: await temporalAddress() })
  expect(await approve(requestId)).toMatchObject({ status: 200, body: { outcome: 'approved' } })
  await following.untilTurns(1)
  following.close()
  expect(product().gates.arrivals('alone')).toBe(1)
  expect(ofType(following.events, 'request.resolved')).toHaveLength(1)
})
