/** What the product really sends fits its schemas. With a pool of one connection in every process. */
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import { eventSchema, snapshotSchema } from '../../src/schemas/event.ts'
import { follow, type Following, ofType } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'

let product: Product
let client: Client
beforeAll(async () => {
  product = await startProduct({ env: { PERDURA_DATABASE_POOL: '1' } })
  client = await product.login()
})
afterAll(() => product.close())

/** A sentence for each event that does not fit. */
function findMisfits({ events }: Following): string[] {
  return events.flatMap((event) => {
    const { error } = eventSchema.safeParse(event)
    return error === undefined ? [] : [`${event.type}: ${error.message}`]
  })
}

test('events and snapshots of a turn with steps, a failing tool and reasoning fit their schemas', async () => {
  product.gates.open('schemas-one')
  product.gates.open('schemas-two')
  await product.model.script('schemas', [
    {
      parts: [
        { type: 'reasoning', text: 'I will use tools.' },
        {
          type: 'toolCalls',
          calls: [
            { name: 'gated_steps', arguments: { gate: 'schemas' } },
            { name: 'no_such_tool', arguments: {} },
            { name: 'time_now', arguments: '{"broken' },
            { name: 'time_now', arguments: {} },
          ],
        },
      ],
    },
    { parts: [{ type: 'text', text: 'Done with all of them.' }] },
  ])
  const { id } = await client.createConversation({ history: { kind: 'slidingWindow', window: 2 } })
  const following = follow(client, id)
  await client.postMessage(id, { text: 'Go [script:schemas]', clientMessageId: 'first' })
  await product.gates.untilArrived('schemas-three')
  await client.postMessage(id, { text: 'And then [script:schemas]' })
  const during = await client.getConversation(id)
  await product.model.script('schemas', [{ parts: [{ type: 'text', text: 'Again.' }], repeat: true }])
  product.gates.open('schemas-three')
  await following.untilTurns(2)
  following.close()
  const after = await client.getConversation(id)

  expect(findMisfits(following)).toEqual([])
  for (const snapshot of [during, after]) expect(snapshotSchema.safeParse(snapshot).error).toBeUndefined()
  expect(during.queue).toHaveLength(1)
  expect(during.calls[0]).toMatchObject({ status: 'running', stepIndex: 2, stepCount: 3 })
  expect(new Set(following.events.map(({ type }) => type))).toEqual(
    new Set([
      'user.message',
      'turn.started',
      'conversation.updated',
      'round.started',
      'reasoning.delta',
      'reasoning.completed',
      'usage.recorded',
      'round.finished',
      'tool.started',
      'tool.step',
      'tool.progress',
      'tool.completed',
      'message.queued',
      'text.started',
      'text.delta',
      'text.completed',
      'turn.finished',
    ]),
  )
})

test('behavior: several turns run at once on one connection in each process', async () => {
  const turns = Array.from({ length: 6 }, (_, index) => `pool-${index}`)
  const ends = turns.map(async (key) => {
    await product.model.script(key, [
      {
        parts: [{ type: 'toolCalls', calls: [0, 1, 2].map(() => ({ name: 'time_now', arguments: {} })) }],
      },
      { parts: [{ type: 'text', text: `Answer ${key} `, times: 40 }] },
    ])
    const { id } = await client.createConversation()
    const following = follow(client, id)
    await client.postMessage(id, { text: `Go [script:${key}]` })
    await following.untilTurns(1)
    following.close()
    expect(findMisfits(following)).toEqual([])
    expect(ofType(following.events, 'tool.completed').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
    return ofType(following.events, 'text.completed').at(-1)?.text
  })
  expect(await Promise.all(ends)).toEqual(turns.map((key) => `Answer ${key} `.repeat(40)))
})
