import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'

import type { Client } from '../../src/client/create-client.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { dumpText } from '../store/dump-text.ts'
import { follow } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, textOf } from '../support/talk.ts'

// The content of a turn goes ten seconds after its end.
const patience = { timeout: 40_000, interval: 500 }
const sentSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string().nullish() })),
})

describe('a conversation that keeps nothing', { timeout: 120_000 }, () => {
  let product: Product
  let client: Client
  let database: Database
  beforeAll(async () => {
    product = await startProduct()
    client = await product.login()
    const { databaseUrl: url } = product
    database = openDatabase({ url, poolSize: 2, applicationName: 'test', onIdleError: () => {} })
  }, 180_000)
  afterAll(async () => {
    await database.close()
    await product.close()
  })

  test('no word of a turn is left after it, also when the worker dies meanwhile', async () => {
    product.gates.open('MARKER-gate')
    await product.model.script('none', [
      callsOf({ name: 'gated', arguments: { gate: 'MARKER-gate', note: 'MARKER-input' } }),
      textOf('MARKER-answer'),
      textOf('The second answer.'),
    ])
    const { id } = await client.createConversation({ history: { kind: 'none' } })
    const following = follow(client, id)
    const message = { text: 'MARKER-question [script:none]', clientMessageId: 'one' }
    const { messageId } = await client.postMessage(id, message)
    await following.untilTurns(1)
    // Whoever follows is shown everything.
    expect(following.events).toContainEqual(
      expect.objectContaining({ type: 'text.completed', text: 'MARKER-answer' }),
    )
    following.close()
    expect(await dumpText(database)).toContain('MARKER')
    const [worker] = product.workers
    await worker?.kill('SIGKILL')
    await product.startWorker()
    await vi.waitFor(async () => expect(await dumpText(database)).not.toContain('MARKER'), patience)

    // Who comes back learns how it ended, and a repeat is still one.
    const resumed = follow(client, id)
    expect(await resumed.untilTurns(1)).toMatchObject({ type: 'turn.finished', outcome: 'success' })
    resumed.close()
    expect(resumed.events.map(({ type }) => type)).not.toContain('text.completed')
    expect(await client.postMessage(id, message)).toMatchObject({ messageId })
    const { conversation, messages } = await client.getConversation(id)
    expect(conversation.title).toBe('New conversation')
    expect(messages).toMatchObject([{ id: messageId, role: 'user', state: 'done' }])

    // The next turn knows nothing of it.
    const again = follow(client, id)
    await client.postMessage(id, { text: 'And now? [script:none]' })
    await again.untilTurns(2)
    again.close()
    const sent = sentSchema.parse((await product.model.requests('none')).at(-1)?.body)
    expect(sent.messages.filter(({ role }) => role !== 'system')).toEqual([
      { role: 'user', content: 'And now? [script:none]' },
    ])
  })
})
