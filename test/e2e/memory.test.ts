import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'

import type { Client } from '../../src/client/create-client.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { listMemory } from '../../src/store/memory.ts'
import { follow } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { callsOf, textOf } from '../support/talk.ts'

const sentSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string().nullish() })),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).nullish(),
})

describe('memory', { timeout: 60_000 }, () => {
  let product: Product
  let client: Client
  let database: Database
  beforeAll(async () => {
    product = await startProduct({ env: { PERDURA_HELPER_MODEL: 'helper' } })
    client = await product.login()
    const { databaseUrl: url } = product
    database = openDatabase({ url, poolSize: 1, applicationName: 'test', onIdleError: () => {} })
  }, 180_000)
  afterAll(async () => {
    await database.close()
    await product.close()
  })

  async function untilRemembered(id: string): Promise<void> {
    const owner = await client.getOwner()
    await vi.waitFor(
      async () => expect(await listMemory(database, owner.id)).toMatchObject([{ conversationId: id }]),
      { timeout: 30_000, interval: 100 },
    )
  }

  async function answer(id: string, text: string): Promise<void> {
    const following = follow(client, id)
    await client.postMessage(id, { text })
    await following.untilTurns(1)
    following.close()
  }

  /** What the model was sent in the first call of a script. */
  async function readSent(key: string) {
    const [first] = await product.model.requests(key)
    const { messages, tools } = sentSchema.parse(first?.body)
    return {
      system: messages.find(({ role }) => role === 'system')?.content ?? '',
      tools: (tools ?? []).map((tool) => tool.function.name),
      last: messages.at(-1)?.content ?? '',
    }
  }

  test('a new conversation knows what earlier ones came to, and finds what was said there', async () => {
    const note = 'Wants to be told about marmots in German.'
    await product.model.script('first', [textOf('Das Murmeltier wohnt in den Alpen.')])
    await product.model.script('helper:first', [textOf(JSON.stringify({ note }))])
    const first = await client.createConversation({ title: 'Marmots', memory: true })
    await answer(first.id, 'Where does the marmot live? [script:first]')
    await untilRemembered(first.id)

    await product.model.script('third', [
      callsOf({ name: 'search_memory', arguments: { query: 'Alpen' } }),
      textOf('In den Alpen.'),
    ])
    const third = await client.createConversation({ title: 'Later', memory: true })
    await answer(third.id, 'Where was that again? [script:third]')
    const sent = await readSent('third')
    expect(sent.system).toContain('## Earlier conversations')
    expect(sent.system).toContain(`"Marmots": ${note}`)
    expect(sent.tools).toContain('search_memory')
    const [, next] = await product.model.requests('third')
    const found = sentSchema.parse(next?.body).messages.at(-1)?.content
    expect(found).toContain('"conversation":"Marmots"')
    expect(found).toContain('Das Murmeltier wohnt in den Alpen.')
  })

  test('behavior: one that takes no part is told nothing and offered no search', async () => {
    await product.model.script('off', [textOf('Yes.')])
    await product.model.script('helper:off', [textOf('{"title":"Off"}')])
    const { id } = await client.createConversation({ memory: false })
    await answer(id, 'Hello [script:off]')
    const sent = await readSent('off')
    expect(sent.system).not.toContain('Earlier conversations')
    expect(sent.tools).not.toContain('search_memory')
    expect(sent.tools).toContain('time_now')
  })
})
