import type { BusyPolicy } from '../../src/contracts/conversation.ts'
import type { NewRequest } from '../../src/contracts/human-request.ts'
import type { CallPermission } from '../../src/contracts/permission.ts'
import type { RoundOutcome } from '../../src/contracts/turn.ts'
import type { Database } from '../../src/store/database.ts'
import type { RoundRef } from '../../src/contracts/turn.ts'
import type { NewEvent } from '../../src/store/event-log.ts'
import { acceptMessage, announceMessage } from '../../src/store/messages.ts'
import { createPostgresEventLog } from '../../src/store/postgres-event-log.ts'
import { beginRound, finishRound, type FinishedRound } from '../../src/store/rounds.ts'
import { finishCall } from '../../src/store/tool-calls.ts'
import { finishTurn, listOpenCalls, type OpenCallEnd } from '../../src/store/turns.ts'
import { scheduledCall } from '../workflows/scheduled-call.ts'

/** The writes of a conversation's turns, as api and activities make them, with short arguments. */
export type TurnScript = ReturnType<typeof createTurnScript>

type AcceptChanges = { queueLimit?: number; turnLimit?: number; busyPolicy?: BusyPolicy; model?: string }

/** What a reply asks for; `permissions` by the place of the call. */
export type AskedTools = {
  calls: number
  steps?: string[]
  requests?: readonly NewRequest[]
  permissions?: readonly (CallPermission | undefined)[]
}

export function createTurnScript(database: Database, { id, owner }: { id: string; owner: string }) {
  const turnIdOf = (turn: number) => `${id}.t${turn}`
  const answerOf = (turn: number, round: number) => `${turnIdOf(turn)}.r${round}`
  const callOf = (turn: number, round: number, index: number) => `${answerOf(turn, round)}.c${index}`
  const messageOf = (message: string) => `${id}.${message}`
  const keyed = (turn: number, key: string, body: NewEvent['body']): NewEvent => ({
    key: `${turnIdOf(turn)}:${key}`,
    turnId: turnIdOf(turn),
    body,
  })

  const roundOf = (turn: number, round: number): RoundRef => ({
    conversationId: id,
    turnId: turnIdOf(turn),
    trigger: 'user',
    messageIds: [],
    round,
  })

  const log = createPostgresEventLog(database, { onChannelError: () => {} })
  const readEvents = async () => (await log.read(id, 0, 1_000)).events

  return {
    conversationId: id,
    owner,
    readEvents,
    /** The types of its events so far. */
    listTypes: async () => (await readEvents()).map(({ type }) => type),
    turnIdOf,
    answerOf,
    callOf,
    messageOf,
    accept: (message: string, text = 'Hello', changes: AcceptChanges = {}) =>
      acceptMessage(database, {
        id: messageOf(message),
        conversationId: id,
        owner,
        text,
        via: 'api',
        queueLimit: 100,
        turnLimit: 50,
        ...changes,
      }),
    announce: (message: string) => announceMessage(database, id, messageOf(message)),
    begin: (turn: number, round: number, messages: readonly string[] = [], steered: readonly string[] = []) =>
      beginRound(
        database,
        { ...roundOf(turn, round), messageIds: messages.map(messageOf), steered: steered.map(messageOf) },
        { promptHash: 'hash' },
      ),
    /** Begins a round as an activity does that goes on by itself. */
    beginAlone: (turn: number, round: number) =>
      beginRound(database, roundOf(turn, round), { promptHash: 'hash', isJoinable: false }),
    /** Stores a reply that ends the turn. */
    answer: (turn: number, round: number, text: string) => finish(turn, round, text, { calls: 0 }),
    /** The same, as the attempt of that number. */
    answerAs: (turn: number, round: number, text: string, attempt: number) =>
      finish(turn, round, text, { calls: 0, attempt }),
    /** Stores a reply that asks for tools. */
    askTools: (turn: number, round: number, calls: number, steps?: string[]) =>
      finish(turn, round, '', { calls, ...(steps === undefined ? {} : { steps }) }),
    /** The same, when people are asked about some of them. */
    ask: (turn: number, round: number, asked: AskedTools) => finish(turn, round, '', asked),
    /** Ends a call as its activity does. */
    endCall: (turn: number, round: number, index: number) => {
      const callId = callOf(turn, round, index)
      const ref = { conversationId: id, turnId: turnIdOf(turn), callId }
      return finishCall(database, ref, { status: 'ok', output: 1, error: null, text: '1' }, [
        {
          key: `${callId}:completed`,
          turnId: ref.turnId,
          body: { type: 'tool.completed', callId, status: 'ok', output: 1 },
        },
      ])
    },
    /** Ends a turn as the workflow does when no model call has. */
    async stop(turn: number) {
      const turnId = turnIdOf(turn)
      const open = await listOpenCalls(database, turnId)
      await finishTurn(database, {
        conversationId: id,
        turnId,
        openCallStatus: 'cancelled',
        openCalls: open.map((callId): OpenCallEnd => ({
          callId,
          error: { code: 'stopped', message: 'Stopped.', retryable: true },
          text: 'stopped',
          event: {
            key: `${callId}:completed`,
            turnId,
            body: { type: 'tool.completed', callId, status: 'cancelled' },
          },
        })),
        events: [
          keyed(turn, 'idle', { type: 'conversation.updated', state: 'idle' }),
          keyed(turn, 'finished', { type: 'turn.finished', outcome: 'cancelled' }),
        ],
      })
    },
  }

  function finish(
    turn: number,
    round: number,
    text: string,
    { calls, steps, requests = [], permissions = [], attempt }: AskedTools & { attempt?: number },
  ) {
    const callIds = Array.from({ length: calls }, (_, index) => callOf(turn, round, index))
    const rows = callIds.map((callId, index) => ({
      callId,
      providerCallId: `call_${index}`,
      name: 'time_now',
      arguments: '{}',
      ...(permissions[index] === undefined ? {} : { permission: permissions[index] }),
    }))
    const outcome: RoundOutcome =
      calls === 0
        ? { kind: 'finished', outcome: 'success', model: 'scripted/demo' }
        : {
            kind: 'tools',
            calls: callIds.map((callId) => scheduledCall(callId)),
            limits: { rounds: 25, deadlineMs: Date.now() + 60_000 },
            model: 'scripted/demo',
          }
    const messageId = answerOf(turn, round)
    const finished: FinishedRound = {
      conversationId: id,
      turnId: turnIdOf(turn),
      round,
      ...(attempt === undefined ? {} : { attempt }),
      outcome,
      message: { id: messageId, text, model: 'scripted/demo', toolCalls: rows },
      calls: rows,
      requests,
      spent: {
        call: {
          key: { id: `${messageId}.a1`, kind: 'answer', owner, conversationId: id, turnId: turnIdOf(turn) },
          model: { id: 'scripted/demo', contextLimitTokens: 1_000 },
          price: undefined,
          inputTokens: 10,
        },
        tokens: { inputTokens: 10, outputTokens: 2, estimated: false },
      },
      events: [
        ...(text === ''
          ? []
          : [keyed(turn, `${round}:text`, { type: 'text.completed', messageId, attempt: 1, text })]),
        keyed(turn, `${round}:end`, {
          type: 'round.finished',
          round,
          reason: calls === 0 ? 'stop' : 'tools',
        }),
        ...callIds.map((callId): NewEvent => ({
          key: `${callId}:started`,
          turnId: turnIdOf(turn),
          body: {
            type: 'tool.started',
            callId,
            name: 'time_now',
            title: 'Time',
            effect: 'read',
            input: {},
            ...(steps === undefined ? {} : { steps }),
            background: false,
          },
        })),
        keyed(turn, `${round}:state`, {
          type: 'conversation.updated',
          state: calls === 0 ? 'idle' : 'tools',
        }),
        ...(calls === 0 ? [keyed(turn, 'finished', { type: 'turn.finished', outcome: 'success' })] : []),
      ],
      deltaFloor: 0,
    }
    return finishRound(database, finished)
  }
}
