import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Client } from '../../src/client/create-client.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { follow } from '../support/follow.ts'
import { type Product, startProduct } from '../support/product.ts'
import { textOf } from '../support/talk.ts'

const say = (answer: object): ScriptedReply => textOf(JSON.stringify(answer))

describe('titles', { timeout: 120_000 }, () => {
  let product: Product
  let client: Client
  beforeAll(async () => {
    product = await startProduct({ env: { PERDURA_HELPER_MODEL: 'helper' } })
    client = await product.login()
  }, 180_000)
  afterAll(() => product.close())

  /** A conversation whose first message is about the script; the helper says other things. */
  async function talk(key: string, helper: ScriptedReply[], replies = [textOf('Hello.')]) {
    await product.model.script(key, replies)
    await product.model.script(`helper:${key}`, helper)
    const { id } = await client.createConversation()
    const following = follow(client, id)
    await client.postMessage(id, { text: `Tell me about marmots [script:${key}]` })
    return {
      id,
      following,
      untilTitled: () =>
        following.until((event) => event.type === 'conversation.updated' && event.title !== undefined),
    }
  }

  test('a conversation gets a title after its first answer, which nothing waits for', async () => {
    const slow: ScriptedReply = {
      parts: [
        { type: 'gate', name: 'title' },
        { type: 'text', text: '{"title":"Marmots"}' },
      ],
    }
    const { id, following, untilTitled } = await talk('slow', [slow], [textOf('Hello.'), textOf('Again.')])
    await following.untilTurns(1)
    await product.model.until('helper:slow', 1, 'arrived')
    // The conversation goes on meanwhile.
    await client.postMessage(id, { text: 'And?' })
    await following.untilTurns(2)
    await product.model.openGate('title')
    const titled = await untilTitled()
    following.close()
    expect(titled).toMatchObject({ type: 'conversation.updated', title: 'Marmots' })
    expect(titled.turnId).toBeUndefined()
    expect((await client.getConversation(id)).conversation.title).toBe('Marmots')
    expect(await product.model.requests('helper:slow')).toHaveLength(1)
  })

  test('behavior: a helper whose worker stops is asked once more', async () => {
    const silent: ScriptedReply = { parts: [{ type: 'gate', name: 'never' }] }
    const { id, following, untilTitled } = await talk('stopped', [silent, say({ title: 'Marmots again' })])
    await following.untilTurns(1)
    await product.model.until('helper:stopped', 1, 'arrived')
    const [worker] = product.workers
    await worker?.kill('SIGTERM')
    await product.startWorker()
    await untilTitled()
    following.close()
    expect((await client.getConversation(id)).conversation.title).toBe('Marmots again')
  })

  test("behavior: the owner's title stays, also one that comes first", async () => {
    const slow: ScriptedReply = {
      parts: [
        { type: 'gate', name: 'late' },
        { type: 'text', text: '{"title":"Theirs"}' },
      ],
    }
    const { id, following } = await talk('mine', [slow])
    await following.untilTurns(1)
    await product.model.until('helper:mine', 1, 'arrived')
    await client.updateConversation(id, { title: 'Mine' })
    await product.model.openGate('late')
    await product.model.until('helper:mine', 1, 'completed')
    // A second conversation is titled after the first one's answer has come.
    const other = await talk('next', [say({ title: 'Next' })])
    await other.untilTitled()
    other.following.close()
    following.close()
    expect((await client.getConversation(id)).conversation.title).toBe('Mine')
  })
})
