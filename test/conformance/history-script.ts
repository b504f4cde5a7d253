import { beforeAll, beforeEach } from 'vitest'

import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import type {
  Compaction,
  HistoryBackend,
  HistoryMessage,
  LoadedHistory,
} from '../../src/store/history-backend.ts'

/** How one implementation is put through the suite. */
export type HistoryHarness = {
  backend: HistoryBackend
  createOwner(): Promise<string>
  createConversation(owner: string): Promise<string>
  /** Puts a message that waits for its turn. */
  queueMessage(conversationId: string, id: string): Promise<void>
  /** Puts another message in the place of these. */
  supersede(conversationId: string, ids: readonly string[], by: string): Promise<void>
  /** Sums up everything up to a message; `asked`: because somebody wanted it. */
  compact(conversationId: string, uptoId: string, compaction: Compaction, asked?: boolean): Promise<void>
  clear(conversationId: string): Promise<void>
  /** Marks a turn that has ended as one whose content goes soon. */
  letPass(conversationId: string, turnId: string): Promise<void>
}

export const full: HistoryStrategy = { kind: 'full' }
export const none: HistoryStrategy = { kind: 'none' }
export const summary: HistoryStrategy = { kind: 'summary' }
export const lastUsers = (window: number): HistoryStrategy => ({ kind: 'slidingWindow', window })

/** A conversation of each test's own, with the messages that a test puts into it. */
export function useHistoryScript(open: () => Promise<HistoryHarness>) {
  let harness: HistoryHarness
  let owner: string
  let id: string
  beforeAll(async () => {
    harness = await open()
  })
  beforeEach(async () => {
    owner = await harness.createOwner()
    id = await harness.createConversation(owner)
  })

  const user = (turn: number, text = `question ${turn}`): HistoryMessage =>
    message(`${id}.u${turn}`, turn, { role: 'user', text })
  const answer = (turn: number, text = `answer ${turn}`): HistoryMessage =>
    message(`${id}.a${turn}`, turn, { role: 'assistant', text })
  /** An assistant message with calls, and the results in the order in which they ended. */
  function asking(turn: number, calls: number, ended = Array.from({ length: calls }, (_, n) => n)) {
    const callIds = Array.from({ length: calls }, (_, index) => `${id}.t${turn}.c${index}`)
    const asked = message(`${id}.q${turn}`, turn, {
      role: 'assistant',
      text: '',
      toolCalls: callIds.map((callId) => ({ callId, name: 'time_now', arguments: '{"a":"\\u0000"}' })),
      providerCallIds: Object.fromEntries(callIds.map((callId, index) => [callId, `call_${index}`])),
    })
    const results = ended.map((index) => {
      const callId = callIds[index] ?? ''
      return message(callId, turn, { role: 'tool', callId, text: `result ${index}` })
    })
    return { asked, results }
  }
  function message(
    messageId: string,
    turn: number,
    rest: Partial<HistoryMessage> & Pick<HistoryMessage, 'role'>,
  ): HistoryMessage {
    return {
      id: messageId,
      state: 'done',
      turnId: turnIdOf(turn),
      createdAt: '2020-01-01T00:00:00Z',
      ...rest,
    }
  }
  const turnIdOf = (turn: number) => `${id}.t${turn}`
  const loadWhole = (
    turn: number,
    strategy: HistoryStrategy = full,
    maxBytes = 10_000_000,
  ): Promise<LoadedHistory> => {
    const messageIds = [user(turn).id]
    return harness.backend.load({
      conversationId: id,
      turnId: turnIdOf(turn),
      messageIds,
      strategy,
      maxBytes,
    })
  }
  const load = async (turn: number, strategy?: HistoryStrategy) => (await loadWhole(turn, strategy)).messages
  const textsOf = ({ messages }: { messages: readonly HistoryMessage[] }) => messages.map(({ text }) => text)
  const saveTurns = async (count: number) => {
    for (let turn = 1; turn <= count; turn++) await harness.backend.save(id, [user(turn), answer(turn)])
  }

  return {
    get harness() {
      return harness
    },
    get backend() {
      return harness.backend
    },
    get owner() {
      return owner
    },
    get id() {
      return id
    },
    /** Goes on with another conversation of the same owner. */
    async beginAnother() {
      id = await harness.createConversation(owner)
    },
    user,
    answer,
    asking,
    message,
    turnIdOf,
    loadWhole,
    load,
    textsOf,
    saveTurns,
  }
}
