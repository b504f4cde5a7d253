import type { PlacedContextChange } from '../../src/contracts/context.ts'
import type { Message } from '../../src/contracts/conversation.ts'
import type { Event, EventBody, Snapshot } from '../../src/contracts/event.ts'
import type { HumanRequest, PermissionItem } from '../../src/contracts/human-request.ts'

/** What happens in one turn of a recorded conversation. */
export type TurnScript = {
  text: string
  /** Attempts that died, each after so many pieces of the answer. */
  deadAttempts: number[]
  tools: number
  steps: number
  /** How many of the tools need permission, with one request for all. */
  asked: number
  /** Messages that arrive while it runs. */
  queued: string[]
  /** Messages that join it before its answer. */
  steered: string[]
  outcome: 'success' | 'error'
  /** The turn answers a user's message anew, this one of them, if none waits. */
  edits?: number | undefined
  /** Before the answer the model is given less of what was said. */
  context?: 'compacted' | 'cleared' | undefined
}

/** `upto`: the last message of which the model is given something else. `place` counts stored messages. */
type RecordedChange = {
  change: 'compacted' | 'cleared'
  place: number
  turnId: string
  upto: string | undefined
}

/** The log that a server would have written, and the snapshots it would have given in between. */
export function recordTurns(scripts: readonly TurnScript[]): { events: Event[]; snapshots: Snapshot[] } {
  const events: Event[] = []
  const snapshots: Snapshot[] = []
  const messages: Message[] = []
  /** All that were ever stored, in order. */
  const stored: string[] = []
  let changes: RecordedChange[] = []
  const waiting: { messageId: string; text: string }[] = []
  let turn: Snapshot['turn']
  let calls: Snapshot['calls'] = []
  let openRequests: HumanRequest[] = []
  const ts = '2026-11-21T12:00:00.000Z'

  function append(body: EventBody, change: () => unknown = () => {}): void {
    change()
    const turnId = turn && body.type !== 'user.message' ? { turnId: turn.turnId } : {}
    // Numbers may be skipped.
    const seq = (events.at(-1)?.seq ?? 0) + 1 + (events.length % 3)
    events.push({ v: 1, seq, conversationId: 'c', ts, ...turnId, ...body })
    snapshots.push({
      ...structuredClone({ messages, calls, openRequests, ...(turn && { turn }) }),
      ...frameOf(seq),
      queue: queueOf(),
      contextChanges: changes.map(placed),
    })
  }
  const placed = ({ change, place, turnId }: RecordedChange): PlacedContextChange => {
    const standsBefore = messages.find(({ id }) => stored.indexOf(id) >= place)?.id
    return {
      id: `${place}`,
      createdAt: ts,
      ...(change === 'cleared'
        ? { change }
        : { change, turnId, facts: [], tokensBefore: 20, tokensAfter: 2 }),
      ...(standsBefore !== undefined && { standsBefore }),
    }
  }
  /** A clearing stands before the running turn, a compaction where it happens; both are about what was before it. */
  const changeContext = (change: RecordedChange['change']) => {
    const begin = messages.findIndex(({ turnId }) => turnId === turn?.turnId)
    const first = messages[begin]?.id ?? ''
    const upto = messages[begin - 1]?.id
    const place = change === 'cleared' ? stored.indexOf(first) : stored.length
    changes.push({ change, place, turnId: turn?.turnId ?? '', upto })
  }
  const frameOf = (lastSeq: number) => ({
    conversation: { ...conversation, lastSeq, state: turn ? ('thinking' as const) : ('idle' as const) },
    lastSeq,
  })
  const queueOf = () => waiting.map((each, position) => ({ ...each, position }))
  const store = (message: Pick<Message, 'id' | 'role'> & Partial<Message>) => {
    stored.push(message.id)
    messages.push({ state: 'done', createdAt: ts, ...(turn && { turnId: turn.turnId }), ...message })
  }

  function runTurn(script: TurnScript, number: number, messageId: string): void {
    const turnId = `t${number}`
    const started = { type: 'turn.started', trigger: 'user', model: 'm', promptHash: 'h' } as const
    append({ ...started, messageIds: [messageId] }, () => {
      const queued = waiting.findIndex((each) => each.messageId === messageId)
      if (queued !== -1) waiting.splice(queued, 1)
      turn = { turnId, round: 0, startedAt: ts }
      store({ id: messageId, role: 'user', text: script.text })
    })
    const joining = script.steered.map((text, index) => post(`s${number}.${index}`, text))
    for (const [index, text] of script.queued.entries()) post(`q${number}.${index}`, text)
    if (script.tools > 0) runTools(script, turnId)
    if (script.context === 'cleared') append({ type: 'context.cleared' }, () => changeContext('cleared'))
    if (script.context === 'compacted')
      append({ type: 'context.compacted', facts: [], tokensBefore: 20, tokensAfter: 2 }, () =>
        changeContext('compacted'),
      )
    join(joining)
    answer(script, `${turnId}.r1`)
    append({ ...usage, inputTokens: script.text.length, outputTokens: 2 })
    append({ type: 'turn.finished', outcome: script.outcome }, () => {
      turn = undefined
      calls = []
    })
  }

  function post(messageId: string, text: string): string {
    append({ type: 'user.message', messageId, text, via: 'api' }, () => waiting.push({ messageId, text }))
    append({ type: 'message.queued', messageId, text, position: waiting.length - 1 })
    return messageId
  }

  function join(messageIds: string[]): void {
    append({ type: 'round.started', round: 1, ...(messageIds.length > 0 && { messageIds }) }, () => {
      if (turn) turn = { ...turn, round: 1 }
      for (const id of messageIds) {
        const [message] = waiting.splice(
          waiting.findIndex(({ messageId }) => messageId === id),
          1,
        )
        store({ id, role: 'user', text: message?.text ?? '' })
      }
    })
  }

  function askAbout(asked: string[]): void {
    const requestId = `${asked.join()}.p`
    const card = { calls: asked.map((callId) => ({ ...permission, callId })) }
    const request = { requestId, kind: 'permission', card, expiresAt: ts } as const
    const status = (before: 'running' | 'waiting', after: 'running' | 'waiting') => {
      calls = calls.map((call) =>
        asked.includes(call.callId) && call.status === before ? { ...call, status: after } : call,
      )
    }
    append({ type: 'request.opened', ...request }, () => {
      openRequests = [{ ...request, conversationId: 'c', turnId: turn?.turnId ?? '', openedAt: ts }]
      status('running', 'waiting')
    })
    append({ type: 'turn.waiting', requestIds: [requestId] })
    append({ type: 'request.resolved', requestId, outcome: 'approved', by: 'o' }, () => {
      openRequests = []
      status('waiting', 'running')
    })
  }

  function runTools(script: TurnScript, turnId: string): void {
    const ids = Array.from({ length: script.tools }, (_, index) => `${turnId}.r0.c${index}`)
    const steps = Array.from({ length: script.steps }, (_, index) => `step${index}`)
    const asked = ids.map((callId) => ({ callId, name: 'tool', arguments: '{}' }))
    append({ type: 'round.finished', round: 0, reason: 'tools' }, () => {
      store({ id: `${turnId}.r0`, role: 'assistant', text: '', toolCalls: asked })
      calls = ids.map((callId) => ({
        callId,
        name: 'tool',
        status: 'running',
        steps: steps.map((name) => ({ name, status: 'pending' })),
      }))
    })
    const started = { name: 'tool', title: 'tool', effect: 'read', input: {}, background: false } as const
    for (const callId of ids)
      append({ type: 'tool.started', callId, ...started, ...(steps.length > 0 && { steps }) })
    if (script.asked > 0) askAbout(ids.slice(0, script.asked))
    for (const [stepIndex, step] of steps.entries()) {
      for (const callId of ids) {
        append({ type: 'tool.progress', callId, step, stepIndex, stepCount: steps.length, fraction: 0.5 })
        append({ type: 'tool.step', callId, step, stepIndex, status: 'ok' })
      }
    }
    for (const callId of ids) {
      append({ type: 'tool.completed', callId, status: 'ok', output: 1 }, () => {
        store({ id: callId, role: 'tool', callId, text: '1' })
        calls = calls.map((call) => (call.callId === callId ? { ...call, status: 'ok' } : call))
      })
    }
  }

  function answer(script: TurnScript, messageId: string): void {
    const text = `answer to ${script.text}`
    const attempts = [...script.deadAttempts, Infinity]
    for (const [index, pieces] of attempts.entries()) {
      const attempt = index + 1
      append({ type: 'text.started', messageId, attempt })
      for (let offset = 0, piece = 0; offset < text.length && piece < pieces; offset += 4, piece++) {
        append({ type: 'text.delta', messageId, attempt, delta: text.slice(offset, offset + 4), offset })
      }
    }
    append({ type: 'text.completed', messageId, attempt: attempts.length, text }, () => {
      store({ id: messageId, role: 'assistant', text })
    })
  }

  /** The message that the edited one takes the place of goes, with all that followed. */
  function supersede(edits: number, by: string): void {
    const asked = messages.filter(({ role }) => role === 'user')
    const edited = asked[edits % asked.length]
    if (!edited) return
    const messageIds = messages.slice(messages.indexOf(edited)).map(({ id }) => id)
    append({ type: 'messages.superseded', messageIds, by }, () => {
      messages.splice(messages.indexOf(edited))
      changes = changes.filter(({ upto = '' }) => !messageIds.includes(upto))
    })
  }

  for (const [index, script] of scripts.entries()) {
    const number = index + 1
    const next = waiting[0]?.messageId
    const messageId = next ?? `u${number}`
    if (next === undefined) {
      const asked = { messageId, text: script.text }
      append({ type: 'user.message', ...asked, via: 'api' }, () => waiting.push(asked))
      if (script.edits !== undefined) supersede(script.edits, messageId)
    }
    runTurn({ ...script, text: waiting[0]?.text ?? script.text }, number, messageId)
  }
  return { events, snapshots }
}

/** A snapshot of a conversation that has just begun. */
export function recordedSnapshot(): Snapshot {
  const turn = { text: 'x', deadAttempts: [], tools: 0, steps: 0, asked: 0, queued: [], steered: [] }
  const [snapshot] = recordTurns([{ ...turn, outcome: 'success' }]).snapshots
  if (!snapshot) throw new Error('no snapshot')
  return snapshot
}

const usage = {
  type: 'usage.recorded',
  model: 'm',
  costUsd: '0.01',
  contextTokens: 3,
  contextLimit: 9,
} as const

const permission = {
  tool: 'tool',
  title: 'tool',
  effect: 'sign',
  input: {},
  targets: { contracts: [], domains: [] },
  rule: 'policy:ask',
} satisfies Omit<PermissionItem, 'callId'>

const conversation = {
  id: 'c',
  title: 'Test',
  model: 'm',
  modelSettings: {},
  busyPolicy: 'queue',
  permissions: 'ask',
  history: { kind: 'full' },
  memory: false,
  archived: false,
  stalled: false,
  createdAt: '2026-11-21T12:00:00.000Z',
  updatedAt: '2026-11-21T12:00:00.000Z',
} as const
