import { expect, test } from 'vitest'
import { z } from 'zod'

import type { Event } from '../../src/contracts/event.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { useCheckedProduct } from '../api/checked-product.ts'
import { follow, ofType } from '../support/follow.ts'

const product = useCheckedProduct({
  env: { PERDURA_MODEL_IDLE_TIMEOUT_MS: '1500', PERDURA_MODEL_TRIES: '2' },
})

const say = (text: string): ScriptedReply => ({ parts: [{ type: 'text', text }] })
const fail = (fault: 'cut' | 'silence' | 'garbage' | 'badJson' | 'error'): ScriptedReply => ({
  parts: [
    { type: 'text', text: 'Half of ' },
    { type: 'fault', fault },
  ],
})
const always = (reply: ScriptedReply): ScriptedReply[] => [{ ...reply, repeat: true }]
const call = (name: string, args: string | Record<string, unknown>, id?: string) => ({
  name,
  arguments: args,
  ...(id === undefined ? {} : { id }),
})
const ask = (...calls: ReturnType<typeof call>[]): ScriptedReply => ({
  parts: [{ type: 'toolCalls', calls }],
})

/** Plays a script as the first turn of a conversation, then a message that must be answered as if nothing was. */
async function play(key: string, replies: ScriptedReply[]) {
  const { model } = product()
  await model.script(key, replies)
  await model.script(`${key}-next`, [say('All is well.')])
  const { client } = await product().guest()
  // A summary of what no longer fits would take replies of the script.
  const { id } = await client.createConversation({ history: { kind: 'slidingWindow', window: 40 } })
  const following = follow(client, id)
  await client.postMessage(id, { text: `Go [script:${key}]` })
  await following.untilTurns(1)
  await client.postMessage(id, { text: `Next [script:${key}-next]` })
  await following.untilTurns(2)
  following.close()
  const { events } = following
  assertValidLog(events)
  const [end, next] = ofType(events, 'turn.finished')
  const snapshot = await client.getConversation(id)
  expect(next).toMatchObject({ outcome: 'success' })
  expect(snapshot).toMatchObject({ conversation: { state: 'idle' }, queue: [], calls: [] })
  expect(snapshot.messages.at(-1)?.text).toBe('All is well.')
  const [following2] = await model.requests(`${key}-next`)
  assertPairedCalls(following2?.body)
  const { messages } = snapshot
  return { end, events, messages, requests: await model.requests(key) }
}

/** Numbers rise, each turn and each call ends exactly once, and nothing of a turn follows its end. */
function assertValidLog(events: readonly Event[]): void {
  const seqs = events.map(({ seq }) => seq)
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
  const turns = ofType(events, 'turn.started').map(({ turnId }) => turnId)
  expect(ofType(events, 'turn.finished').map(({ turnId }) => turnId)).toEqual(turns)
  const calls = ofType(events, 'tool.started').map(({ callId }) => callId)
  const ended = ofType(events, 'tool.completed').map(({ callId }) => callId)
  expect(ended.toSorted()).toEqual(calls.toSorted())
  expect(new Set(calls).size).toBe(calls.length)
  for (const turnId of turns) {
    const ofTurn = events.filter((event) => event.turnId === turnId)
    expect(ofTurn.at(-1)?.type).toBe('turn.finished')
  }
}

const requestSchema = z.object({
  messages: z.array(
    z.object({
      role: z.string(),
      tool_call_id: z.string().optional(),
      tool_calls: z.array(z.object({ id: z.string() })).optional(),
    }),
  ),
})

/** What services insist on: after an assistant's calls come their results, one for each, in order. */
function assertPairedCalls(body: unknown): void {
  const { messages } = requestSchema.parse(body)
  const paired = messages.flatMap(({ role, tool_calls = [] }, index) => {
    if (role === 'tool') return []
    const ids = tool_calls.map(({ id }) => id)
    const results = messages.slice(index + 1, index + 1 + ids.length)
    expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    return ids
  })
  expect(messages.filter(({ role }) => role === 'tool').length).toBe(paired.length)
}

test.for([
  ['429', { status: 429, headers: { 'retry-after': '1' } }],
  ['500', { status: 500 }],
  ['a cut stream', fail('cut')],
  ['silence', fail('silence')],
  ['bytes without end', fail('garbage')],
  ['a chunk that is not JSON', fail('badJson')],
  ['an error in the stream', fail('error')],
  ['no reason to finish', { ...say('Half of '), finish: 'missing' }],
  ['nothing at all', { parts: [] }],
] as const satisfies [string, ScriptedReply][])(
  'default: after %s the call is tried again',
  async ([name, reply]) => {
    const { end, events, requests, messages } = await play(`again-${name.replaceAll(' ', '-')}`, [
      reply,
      say('Whole.'),
    ])
    expect(end).toMatchObject({ outcome: 'success' })
    expect(requests.length).toBe(2)
    const [whole] = ofType(events, 'text.completed')
    expect(whole).toMatchObject({ text: 'Whole.', attempt: 2 })
    expect(messages.map(({ text }) => text).slice(1, 2)).toEqual(['Whole.'])
  },
)

test('behavior: 429 is tried again when the service wants it, and not before', async () => {
  const limited = { status: 429, headers: { 'retry-after': '2' } }
  const { requests } = await play('retry-after', [limited, say('Thanks.')])
  const [first, second] = requests.map(({ arrivedAtMs }) => arrivedAtMs)
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2_000)
})

test.for([
  ['429', { status: 429, headers: { 'retry-after': '1' } }, 'model_rate_limited', 2],
  ['500', { status: 500 }, 'model_unavailable', 2],
  ['cut', fail('cut'), 'model_stream_cut', 2],
  ['silence', fail('silence'), 'model_silent', 2],
  ['garbage', fail('garbage'), 'model_garbage', 2],
  ['badJson', fail('badJson'), 'model_garbage', 2],
  ['error', fail('error'), 'model_unavailable', 2],
  ['missing', { ...say('Half of '), finish: 'missing' }, 'model_stream_cut', 2],
  ['empty', { parts: [] }, 'model_garbage', 2],
  ['html', { body: '<html>', headers: { 'content-type': 'text/html' } }, 'model_garbage', 2],
  ['401', { status: 401 }, 'model_unauthorized', 1],
  ['400', { status: 400 }, 'model_rejected', 1],
  ['filter', { ...say('Half of '), finish: 'content_filter' }, 'content_filtered', 1],
] as const satisfies [string, ScriptedReply, string, number][])(
  'error: %s ends the turn by name, and the next message works',
  async ([name, reply, code, tries]) => {
    const { end, requests } = await play(`always-${name}`, always(reply))
    expect(end).toMatchObject({ outcome: 'error', code })
    expect(JSON.stringify(end)).not.toMatch(/sk-test-key|127\.0\.0\.1|on purpose/)
    expect(requests.length).toBe(tries)
  },
)

test('error: an answer cut at its token limit is kept, and the outcome is a limit', async () => {
  const { end, messages } = await play('length', [{ ...say('As far as it'), finish: 'length' }])
  expect(end).toMatchObject({ outcome: 'limit', code: 'output_limit' })
  expect(end).toMatchObject({ message: 'The answer was cut at its limit of output tokens.' })
  expect(messages[1]).toMatchObject({ role: 'assistant', text: 'As far as it' })
})

test('error: an answer of 10 MB ends at its bound, and is not asked for again', async () => {
  const huge: ScriptedReply = { parts: [{ type: 'text', text: 'x'.repeat(10_000), times: 1_000 }] }
  const { end, messages, requests } = await play('huge', [huge])
  expect(end).toMatchObject({ outcome: 'limit', code: 'answer_too_long' })
  expect(messages[1]?.text?.length).toBeLessThanOrEqual(1_000_000)
  expect(requests).toMatchObject([{ state: 'closed' }])
})

test.for([
  ['invalid JSON', call('time_now', '{"format": '), 'tool_input_invalid'],
  ['JSON that is no object', call('time_now', '[1]'), 'tool_input_invalid'],
  ['a field too many', call('gated', { gate: 'x', wrong: 1 }), 'tool_input_invalid'],
  ['an unknown tool', call('rm_rf', {}), 'tool_unknown'],
  ['a tool without a name', call('', {}), 'tool_unknown'],
] as const)(
  'behavior: %s is an error that the model reads, beside calls that work',
  async ([name, wrong, code]) => {
    const key = `input-${name.replaceAll(' ', '-')}`
    const { end, events, requests } = await play(key, [ask(wrong, call('time_now', {})), say('Read.')])
    expect(end).toMatchObject({ outcome: 'success' })
    const ends = ofType(events, 'tool.completed').toSorted((a, b) => a.callId.localeCompare(b.callId))
    expect(ends).toMatchObject([{ status: 'error', error: { code } }, { status: 'ok' }])
    expect(JSON.stringify(requests[1]?.body)).toContain(code)
  },
)

test('behavior: call ids that repeat, within a reply and across replies, do not mix results', async () => {
  for (const gate of ['first', 'second', 'third']) product().gates.open(`same-${gate}`)
  const gated = (gate: string) => call('gated', { gate: `same-${gate}` }, 'call_0')
  const replies = [ask(gated('first'), gated('second')), ask(gated('third')), say('Done.')]
  const { end, events, messages, requests } = await play('same-ids', replies)
  expect(end).toMatchObject({ outcome: 'success' })
  expect(new Set(ofType(events, 'tool.started').map(({ callId }) => callId)).size).toBe(3)
  for (const { body } of requests) assertPairedCalls(body)
  const results = messages.filter(({ role }) => role === 'tool').map(({ text }) => text)
  // The snapshot has results as they came; the model got them as it asked, which is checked above.
  const passed = ['first', 'second', 'third'].map((gate) => JSON.stringify({ passed: `same-${gate}` }))
  expect(results).toHaveLength(3)
  expect(new Set(results)).toEqual(new Set(passed))
})
