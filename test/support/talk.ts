import type { Client } from '../../src/client/create-client.ts'
import type { Event } from '../../src/contracts/event.ts'
import type { ScriptedCall, ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { follow, type Following } from './follow.ts'
import type { Product } from './product.ts'

/** A conversation whose first message has been posted, and somebody who follows it from its first event. */
export type Talk = { id: string; turnId: string; following: Following; text: string }

/** Scripts the model's replies under a key of its own, and posts the message that asks for them. */
export async function startTalk(
  product: Product,
  client: Client,
  key: string,
  replies: ScriptedReply[],
): Promise<Talk> {
  await product.model.script(key, replies)
  // With a title: one that the product finds afterwards would be told at any time.
  const { id } = await client.createConversation({ title: key })
  const following = follow(client, id)
  const text = `Go [script:${key}]`
  await client.postMessage(id, { text })
  return { id, turnId: `${id}.t1`, following, text }
}

/** Stops the first turn, and has the next message answered. Returns how both turns have ended. */
export async function stopAndGoOn(
  client: Client,
  { id, following }: Pick<Talk, 'id' | 'following'>,
): Promise<{ end: Event; next: Event }> {
  await client.cancelTurn(id)
  const end = await following.untilTurns(1)
  await client.postMessage(id, { text: 'Go on' })
  const next = await following.untilTurns(2)
  following.close()
  return { end, next }
}

/** A reply that asks for tools. */
export function callsOf(...calls: ScriptedCall[]): ScriptedReply {
  return { parts: [{ type: 'toolCalls', calls }] }
}

/** A reply that waits at the model's gate after each text but the last. */
export function textOf(...texts: (string | { gate: string })[]): ScriptedReply {
  return {
    parts: texts.map((part) =>
      typeof part === 'string' ? { type: 'text', text: part } : { type: 'gate', name: part.gate },
    ),
  }
}
