import type { RoundOutcome } from '../../src/contracts/turn.ts'
import type { Database } from '../../src/store/database.ts'
import type { NewEvent } from '../../src/store/event-log.ts'
import { acceptMessage, announceMessage } from '../../src/store/messages.ts'
import { beginRound, finishRound, type FinishedRound } from '../../src/store/rounds.ts'

/** The writes of a turn, as api and activities make them, with short arguments. */
export type TurnScript = ReturnType<typeof createTurnScript>

export function createTurnScript(database: Database, { id, owner }: { id: string; owner: string }) {
  const turnIdOf = (turn: number) => `${id}.t${turn}`
  const answerOf = (turn: number, round: number) => `${turnIdOf(turn)}.r${round}`
  const callOf = (turn: number, round: number, index: number) => `${answerOf(turn, round)}.c${index}`
  const keyed = (turn: number, key: string, body: NewEvent['body']): NewEvent => ({
    key: `${turnIdOf(turn)}:${key}`,
    turnId: turnIdOf(turn),
    body,
  })

  return {
    turnIdOf,
    answerOf,
    callOf,
    accept: (message: string, text = 'Hello', changes: { queueLimit?: number; busyPolicy?: 'reject' } = {}) =>
      acceptMessage(database, {
        id: `${id}.${message}`,
        conversationId: id,
        owner,
        text,
        via: 'api',
        queueLimit: 100,
        turnLimit: 50,
        ...changes,
      }),
    announce: (message: string) => announceMessage(database, id, `${id}.${message}`),
    begin: (turn: number, round: number, messages: readonly string[] = []) =>
      beginRound(
        database,
        {
          conversationId: id,
          turnId: turnIdOf(turn),
          trigger: 'user',
          messageIds: messages.map((message) => `${id}.${message}`),
          round,
        },
        'hash',
      ),
    /** Stores a reply that ends the turn. */
    answer: (turn: number, round: number, text: string) => finish(turn, round, text, 0),
    /** Stores a reply that asks for tools. */
    askTools: (turn: number, round: number, calls: number, steps?: string[]) =>
      finish(turn, round, '', calls, steps),
  }

  function finish(turn: number, round: number, text: string, calls: number, steps?: string[]) {
    const callIds = Array.from({ length: calls }, (_, index) => callOf(turn, round, index))
    const rows = callIds.map((callId, index) => ({
      callId,
      providerCallId: `call_${index}`,
      name: 'time_now',
      arguments: '{}',
    }))
    const outcome: RoundOutcome =
      calls === 0
        ? { kind: 'finished', outcome: 'success', model: 'scripted/demo' }
        : {
            kind: 'tools',
            calls: [],
            limits: { rounds: 25, deadlineMs: Date.now() + 60_000 },
            model: 'scripted/demo',
          }
    const messageId = answerOf(turn, round)
    const finished: FinishedRound = {
      conversationId: id,
      turnId: turnIdOf(turn),
      round,
      outcome,
      message: { id: messageId, text, toolCalls: rows },
      calls: rows,
      requests: [],
      usage: {
        attempt: 1,
        model: 'scripted/demo',
        inputTokens: 10,
        outputTokens: 2,
        contextTokens: 12,
        contextLimit: 1_000,
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
