import { z } from 'zod'

import type { Event, EventType } from '../../src/contracts/event.ts'
import type { ScriptedCall, ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import type { ScriptedModelDriver } from './scripted-model.ts'
import { type Following, ofType } from './follow.ts'
import { callsOf } from './talk.ts'

/** Resolves with the nth event (from 1) of a type, past or coming. */
export async function untilNth<Type extends EventType>(
  following: Following,
  type: Type,
  nth = 1,
): Promise<Extract<Event, { type: Type }>> {
  const find = () => ofType(following.events, type)[nth - 1]
  await following.until(() => find() !== undefined)
  const found = find()
  if (found === undefined) throw new Error(`There is no ${type} number ${nth}.`)
  return found
}

/** Resolves with the nth request (from 1) that the conversation opens. */
export function untilAsked(following: Following, nth = 1) {
  return untilNth(following, 'request.opened', nth)
}

/** A reply that asks a person one thing, to be answered as `{ which }`. */
export function questionOf(label = 'Which one?'): ScriptedReply {
  const options = ['left', 'right'].map((value) => ({ value, label: value }))
  return callsOf({
    name: 'ask_user',
    arguments: { questions: [{ id: 'which', label, kind: 'single', options }] },
  })
}

/** A call that others could feel: it waits at the gate of this name, which counts how often it has run. */
export function feltCall(
  gate: string,
  targets: { contracts?: string[]; domains?: string[] } = {},
): ScriptedCall {
  return { name: 'felt', arguments: { gate, ...targets } }
}

const bodySchema = z.object({ messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })) })

/** What the model was given with its nth request (from 1), the system's text left out. */
export async function readGiven(
  model: ScriptedModelDriver,
  key: string,
  number: number,
): Promise<{ role: string; content: unknown }[]> {
  const { body } = await model.until(key, number, 'arrived')
  return bodySchema
    .parse(body)
    .messages.filter(({ role }) => role !== 'system')
    .map(({ role, content }) => ({ role, content }))
}

/** The results of tools that stand last in the model's nth request, as JSON, in the order of the calls. */
export async function readResults(
  model: ScriptedModelDriver,
  key: string,
  number: number,
): Promise<unknown[]> {
  const given = await readGiven(model, key, number)
  const others = given.findLastIndex(({ role }) => role !== 'tool')
  return given.slice(others + 1).map(({ content }) => JSON.parse(String(content)))
}
