import {
  forkConversation,
  type ReplacingMessage,
  regenerateMessage,
  type Fork,
} from '../../src/store/branches.ts'
import type { Database } from '../../src/store/database.ts'
import { createPostgresHistory } from '../../src/store/postgres-history.ts'
import { getSnapshot } from '../../src/store/snapshots.ts'
import type { TestStore } from '../support/store.ts'
import { createTurnScript, type TurnScript } from './turn-script.ts'

/** Conversations that are edited and forked, with short arguments. */
export function createBranching(store: TestStore) {
  const { database } = store
  const history = createPostgresHistory(database)
  let forks = 0

  return {
    /** Turns of one question with two tool calls and an answer. */
    async talk(turns: number): Promise<TurnScript> {
      const turn = createTurnScript(database, await store.createConversation())
      for (let number = 1; number <= turns; number += 1) await takeTurn(turn, number, `m${number}`)
      return turn
    },

    replace(
      turn: TurnScript,
      message: string,
      by: string,
      changes: Partial<ReplacingMessage> = {},
      pool: Database = database,
    ) {
      return regenerateMessage(pool, {
        id: turn.messageOf(by),
        replaces: turn.messageOf(message),
        conversationId: turn.conversationId,
        owner: turn.owner,
        text: undefined,
        model: undefined,
        clientMessageId: undefined,
        via: 'api',
        turnLimit: 50,
        ...changes,
      })
    },

    fork(turn: TurnScript, messageId: string, changes: Partial<Fork> = {}) {
      forks += 1
      return forkConversation(database, {
        id: `c_fork${forks}`,
        owner: turn.owner,
        source: turn.conversationId,
        messageId,
        limit: undefined,
        idempotency: undefined,
        ...changes,
      })
    },

    /** What a reader is shown, without results. */
    async textsOf({
      conversationId,
      owner,
    }: Pick<TurnScript, 'conversationId' | 'owner'>): Promise<unknown[]> {
      const { messages } = await getSnapshot(database, owner, conversationId)
      return messages.filter(({ role }) => role !== 'tool').map(({ text }) => text)
    },

    /** What the next turn would be told that users have said. */
    async toldTexts(conversationId: string): Promise<unknown[]> {
      const { messages } = await history.load({
        conversationId,
        turnId: `${conversationId}.t99`,
        messageIds: [],
        strategy: { kind: 'full' },
        maxBytes: 1_000_000,
      })
      return messages.flatMap(({ role, text }) => (role === 'user' ? [text] : []))
    },

    async compactUpTo(turn: TurnScript, id: string, messageId: string): Promise<void> {
      await database.rows(
        'compact',
        `insert into compactions (id, conversation_id, upto_position, summary, facts, tokens_before, tokens_after)
           select $1, conversation_id, position, 'Of ' || $3, json_build_array(json_build_object('callId', $3, 'tool', 't',
             'path', 'p', 'value', 'v')), 10, 5 from messages where id = $2`,
        [id, messageId, turn.callOf(1, 0, 0)],
      )
    },

    listCompactions: (conversationId: string) =>
      database.rows<{ id: string; facts: unknown }>(
        'compactions_of',
        'select id, facts from compactions where conversation_id = $1 order by upto_position',
        [conversationId],
      ),
  }
}

async function takeTurn(turn: TurnScript, number: number, message: string): Promise<void> {
  await turn.accept(message, `Question ${number}`)
  await turn.begin(number, 0, [message])
  await turn.askTools(number, 0, 2)
  await turn.endCall(number, 0, 1)
  await turn.endCall(number, 0, 0)
  await turn.begin(number, 1)
  await turn.answer(number, 1, `Answer ${number}`)
}
