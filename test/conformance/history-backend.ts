import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'

import type { HistoryStrategy } from '../../src/contracts/conversation.ts'
import type { Compaction, HistoryBackend, HistoryMessage } from '../../src/store/history-backend.ts'

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
}

const full: HistoryStrategy = { kind: 'full' }
const none: HistoryStrategy = { kind: 'none' }
const summary: HistoryStrategy = { kind: 'summary' }
const lastUsers = (window: number): HistoryStrategy => ({ kind: 'slidingWindow', window })

/** Runs the contract of `HistoryBackend` over an implementation. */
export function historyConformance(name: string, open: () => Promise<HistoryHarness>): void {
  describe(`${name} keeps the contract of a history backend`, () => {
    let harness: HistoryHarness
    let backend: HistoryBackend
    let owner: string
    let id: string
    beforeAll(async () => {
      harness = await open()
      backend = harness.backend
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
    const loadWhole = (turn: number, strategy: HistoryStrategy = full, maxBytes = 10_000_000) => {
      const messageIds = [user(turn).id]
      return backend.load({ conversationId: id, turnId: turnIdOf(turn), messageIds, strategy, maxBytes })
    }
    const load = async (turn: number, strategy?: HistoryStrategy) =>
      (await loadWhole(turn, strategy)).messages
    const textsOf = ({ messages }: { messages: readonly HistoryMessage[] }) =>
      messages.map(({ text }) => text)
    const saveTurns = async (count: number) => {
      for (let turn = 1; turn <= count; turn++) await backend.save(id, [user(turn), answer(turn)])
    }

    it('gives back what was saved, oldest first', async () => {
      await backend.save(id, [user(1), answer(1)])
      await backend.save(id, [user(2)])
      await backend.flush()
      const loaded = await load(2)
      expect(loaded.map(({ text }) => text)).toEqual(['question 1', 'answer 1', 'question 2'])
      expect(loaded[0]).toMatchObject({ id: user(1).id, role: 'user', state: 'done', turnId: turnIdOf(1) })
    })

    it('has nothing of a conversation that has not begun', async () => {
      expect(await load(1)).toEqual([])
    })

    it('keeps conversations apart', async () => {
      const other = await harness.createConversation(owner)
      await backend.save(id, [user(1)])
      await backend.save(other, [{ ...user(1), id: `${other}.u1` }])
      expect(await load(1)).toHaveLength(1)
    })

    it('gives back tool calls with their results and the ids of the provider', async () => {
      const { asked, results } = asking(1, 2)
      await backend.save(id, [user(1), asked, ...results])
      const [, loaded, ...rest] = await load(1)
      expect(loaded?.toolCalls).toEqual(asked.toolCalls)
      expect(loaded?.providerCallIds).toEqual(asked.providerCallIds)
      expect(rest.map(({ callId, text }) => [callId, text])).toEqual(
        results.map(({ callId, text }) => [callId, text]),
      )
    })

    it('is idempotent: a message saved twice is there once, and the first text stands', async () => {
      await backend.save(id, [user(1, 'first'), answer(1)])
      await backend.save(id, [user(1, 'second'), answer(1), user(2)])
      expect((await load(2)).map(({ text }) => text)).toEqual(['first', 'answer 1', 'question 2'])
    })

    it('saves nothing when there is nothing to save', async () => {
      await backend.save(id, [])
      expect(await load(1)).toEqual([])
    })

    it('has one message when it is saved by several at once', async () => {
      await Promise.all(Array.from({ length: 8 }, () => backend.save(id, [user(1), answer(1)])))
      expect(await load(1)).toHaveLength(2)
    })

    it('never returns messages that have not started', async () => {
      await backend.save(id, [user(1)])
      await harness.queueMessage(id, `${id}.waiting`)
      for (const strategy of [full, lastUsers(5), summary, none]) {
        expect((await load(1, strategy)).map((loaded) => loaded.id)).toEqual([user(1).id])
      }
    })

    it('full: everything', async () => {
      await saveTurns(30)
      expect(await load(30)).toHaveLength(60)
    })

    it('full: also what stands before the first user message', async () => {
      await backend.save(id, [message(`${id}.n`, 1, { role: 'note', text: 'A fact.' }), user(2)])
      expect((await load(2)).map(({ role }) => role)).toEqual(['note', 'user'])
    })

    it('slidingWindow: from the nth last user message on', async () => {
      await saveTurns(5)
      const texts = (await load(5, lastUsers(2))).map(({ text }) => text)
      expect(texts).toEqual(['question 4', 'answer 4', 'question 5', 'answer 5'])
    })

    it('slidingWindow: counts user messages, not notes', async () => {
      await saveTurns(3)
      const fact = message(`${id}.n`, 3, { role: 'note', text: 'A fact.' })
      await backend.save(id, [fact, user(4)])
      const texts = (await load(4, lastUsers(2))).map(({ text }) => text)
      expect(texts).toEqual(['question 3', 'answer 3', 'A fact.', 'question 4'])
    })

    it('slidingWindow: everything when there are fewer', async () => {
      await saveTurns(2)
      expect(await load(2, lastUsers(50))).toHaveLength(4)
    })

    it('none: the running turn alone, with its tool calls', async () => {
      await saveTurns(2)
      const { asked, results } = asking(3, 2)
      await backend.save(id, [user(3), asked, ...results])
      expect((await load(3, none)).map((loaded) => loaded.id)).toEqual([
        user(3).id,
        asked.id,
        ...results.map((result) => result.id),
      ])
    })

    it('summary: everything, as long as nothing is summed up', async () => {
      await saveTurns(3)
      expect(await loadWhole(3, summary)).toEqual({ ...(await loadWhole(3, full)), complete: true })
    })

    it('summary: the latest compaction, and what stands behind it', async () => {
      await saveTurns(4)
      const facts = [{ callId: `${id}.c`, tool: 'time_now', path: 'iso', value: '2020-01-01' }]
      await harness.compact(id, answer(1).id, { summary: 'One.', facts: [] })
      await harness.compact(id, answer(2).id, { summary: 'One and two.', facts, factsLeftOut: 3 })
      const loaded = await loadWhole(4, summary)
      expect(loaded.compaction).toEqual({ summary: 'One and two.', facts, factsLeftOut: 3 })
      expect(textsOf(loaded)).toEqual(['question 3', 'answer 3', 'question 4', 'answer 4'])
    })

    it('summary: a compaction of which no model wrote the text, and no message behind it', async () => {
      await saveTurns(1)
      await harness.compact(id, answer(1).id, { facts: [] })
      expect(await loadWhole(2, summary)).toEqual({ messages: [], compaction: { facts: [] }, complete: true })
    })

    it('summary: never parts the running turn, also when a compaction ends inside it', async () => {
      await saveTurns(1)
      const { asked, results } = asking(2, 1)
      await backend.save(id, [user(2), asked, ...results])
      await harness.compact(id, asked.id, { summary: 'Some.', facts: [] })
      expect((await load(2, summary)).map((loaded) => loaded.id)).toEqual([
        user(2).id,
        asked.id,
        ...results.map((result) => result.id),
      ])
    })

    it('other strategies do without compactions', async () => {
      await saveTurns(3)
      await harness.compact(id, answer(2).id, { summary: 'Old.', facts: [] })
      for (const [strategy, count] of [
        [full, 6],
        [lastUsers(2), 4],
        [none, 2],
      ] as const) {
        const loaded = await loadWhole(3, strategy)
        expect([loaded.messages.length, loaded.compaction]).toEqual([count, undefined])
      }
    })

    it('other strategies have a compaction that somebody asked for', async () => {
      await saveTurns(3)
      await harness.compact(id, answer(1).id, { summary: 'Old.', facts: [] }, true)
      const shown = [full, lastUsers(5), summary].map(async (strategy) => loadWhole(3, strategy))
      for (const { messages, compaction } of await Promise.all(shown)) {
        expect([messages.length, compaction?.summary]).toEqual([4, 'Old.'])
      }
      expect((await loadWhole(3, none)).compaction).toBeUndefined()
    })

    it('gives nothing of what stood there when the conversation was cleared', async () => {
      await saveTurns(2)
      await harness.compact(id, answer(1).id, { summary: 'Old.', facts: [] })
      await harness.clear(id)
      await backend.save(id, [user(3)])
      for (const strategy of [full, lastUsers(5), summary, none]) {
        expect(await loadWhole(3, strategy)).toEqual({
          messages: [expect.objectContaining({ id: user(3).id })],
          complete: true,
        })
      }
    })

    it('keeps the running turn when the conversation is cleared in the middle of it', async () => {
      await saveTurns(2)
      await harness.clear(id)
      await backend.save(id, [message(`${id}.n`, 2, { role: 'note', text: 'Later.' })])
      expect((await load(2)).map(({ text }) => text)).toEqual(['question 2', 'answer 2', 'Later.'])
    })

    it('never gives superseded messages', async () => {
      await saveTurns(3)
      await harness.supersede(id, [user(2).id, answer(2).id], user(3).id)
      for (const strategy of [full, lastUsers(2), summary]) {
        expect((await load(3, strategy)).map(({ text }) => text)).toEqual([
          'question 1',
          'answer 1',
          'question 3',
          'answer 3',
        ])
      }
    })

    it('never gives messages whose text is gone', async () => {
      const forgotten = message(`${id}.gone`, 2, { role: 'user' })
      await backend.save(id, [user(1), answer(1), forgotten, user(3)])
      for (const strategy of [full, lastUsers(2), summary]) {
        expect((await load(3, strategy)).map((loaded) => loaded.id)).toEqual([
          user(1).id,
          answer(1).id,
          user(3).id,
        ])
      }
    })

    it('leaves out the oldest when there is more than is wanted, from a user message on', async () => {
      const turns = Array.from({ length: 5 }, (_, index) => [
        user(index + 1, 'é'.repeat(50)),
        answer(index + 1, '€'.repeat(100)),
      ])
      await backend.save(id, turns.flat())
      for (const strategy of [full, lastUsers(4), summary]) {
        const loaded = await loadWhole(5, strategy, 950)
        expect(loaded.messages.map((found) => found.id)).toEqual(turns.slice(2).flatMap(idsOf))
        expect(loaded.complete).toBe(false)
        expect(await loadWhole(5, strategy, 3 * 400)).toMatchObject({
          complete: strategy.kind === 'slidingWindow',
        })
      }
      // The window ends before the bound is met, and the running turn does not count.
      expect((await loadWhole(5, lastUsers(3), 800)).complete).toBe(true)
      expect(await loadWhole(5, none, 1)).toMatchObject({ complete: true, messages: [{}, {}] })
      expect(await loadWhole(5, full, 4 * 400)).toMatchObject({ complete: true })
    })

    it('always has the running turn, whatever its length', async () => {
      await saveTurns(1)
      const steered = Array.from({ length: 4 }, (_, index) =>
        message(`${id}.s${index}`, 2, { role: 'user', text: `also ${index}` }),
      )
      await backend.save(id, steered)
      expect((await load(2, lastUsers(1))).map(({ text }) => text)).toEqual(steered.map(({ text }) => text))
    })

    it('puts results directly behind their calls, in the order in which the model asked', async () => {
      const { asked, results } = asking(1, 3, [2, 0, 1])
      const note = message(`${id}.n`, 1, { role: 'note', text: 'Between.' })
      await backend.save(id, [user(1), asked, note, ...results])
      expect((await load(1)).map(({ text }) => text)).toEqual([
        'question 1',
        '',
        'result 0',
        'result 1',
        'result 2',
        'Between.',
      ])
    })

    it('never shows a call without all of its results, nor a result without its call', async () => {
      const { asked, results } = asking(1, 3, [0, 2])
      const orphan = message(`${id}.o`, 1, { role: 'tool', callId: `${id}.o`, text: 'orphan' })
      await backend.save(id, [user(1), asked, ...results, orphan, answer(1)])
      expect((await load(1)).map(({ text }) => text)).toEqual(['question 1', 'answer 1'])
    })

    it('keeps the text of a message whose calls it cannot show', async () => {
      const { asked } = asking(1, 1, [])
      await backend.save(id, [user(1), { ...asked, text: 'I will look.' }])
      const [, loaded] = await load(1)
      expect(loaded?.text).toBe('I will look.')
      expect(loaded?.toolCalls).toBeUndefined()
    })

    it('property: whatever the strategy, calls and results come in whole groups', async () => {
      const anyTurn = fc.record({
        calls: fc.integer({ min: 0, max: 4 }),
        lost: fc.boolean(),
        users: fc.integer({ min: 1, max: 2 }),
      })
      const anyStrategy = fc.oneof(
        fc.constantFrom(full, summary, none),
        fc.integer({ min: 1, max: 4 }).map(lastUsers),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyTurn, { minLength: 1, maxLength: 6 }),
          anyStrategy,
          async (turns, strategy) => {
            id = await harness.createConversation(owner)
            for (const [index, { calls, lost, users }] of turns.entries()) {
              const turn = index + 1
              const { asked, results } = asking(turn, calls)
              await backend.save(id, [
                ...Array.from({ length: users }, (_, n) => ({ ...user(turn), id: `${id}.u${turn}.${n}` })),
                ...(calls === 0 ? [] : [asked, ...results.slice(lost ? 1 : 0)]),
                answer(turn),
              ])
            }
            const loaded = await load(turns.length, strategy)
            expect(brokenGroups(loaded)).toEqual([])
            expect(loaded.filter(({ turnId }) => turnId === turnIdOf(turns.length))).not.toEqual([])
          },
        ),
        { numRuns: 25 },
      )
    })

    it('keeps any text, with a replacement for what no database holds', async () => {
      await backend.save(id, [user(1, 'a\0b\ud800'), answer(1, '€'.repeat(350_000))])
      const texts = (await load(1)).map(({ text }) => text)
      expect(texts).toEqual(['a\uFFFDb\uFFFD', '€'.repeat(350_000)])
    })

    it('lists the conversations of an owner that have messages, the latest first', async () => {
      const later = await harness.createConversation(owner)
      await harness.createConversation(owner)
      const foreign = await harness.createConversation(await harness.createOwner())
      await backend.save(id, [user(1)])
      await backend.save(later, [{ ...user(1), id: `${later}.u1` }])
      await backend.save(foreign, [{ ...user(1), id: `${foreign}.u1` }])
      await backend.flush()
      expect(await backend.list(owner)).toEqual([later, id])
      expect(await backend.list('o_nobody')).toEqual([])
    })
  })
}

function idsOf(messages: readonly HistoryMessage[]): string[] {
  return messages.map(({ id }) => id)
}

/** What a provider would refuse: a call without its result next, or a result without its call. */
function brokenGroups(messages: readonly HistoryMessage[]): string[] {
  const awaited: string[] = []
  const broken: string[] = []
  for (const { id, role, callId, toolCalls } of messages) {
    if (role === 'tool') {
      if (awaited.shift() !== callId) broken.push(id)
      continue
    }
    if (awaited.length > 0) broken.push(id)
    awaited.push(...(toolCalls ?? []).map((call) => call.callId))
  }
  return [...broken, ...awaited]
}
