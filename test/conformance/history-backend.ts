import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { HistoryMessage } from '../../src/store/history-backend.ts'
import { historyPartsConformance } from './history-parts.ts'
import { full, type HistoryHarness, lastUsers, none, summary, useHistoryScript } from './history-script.ts'

/** Runs the contract of `HistoryBackend` over an implementation. */
export function historyConformance(name: string, open: () => Promise<HistoryHarness>): void {
  describe(`${name} keeps the contract of a history backend`, () => {
    const script = useHistoryScript(open)
    const { user, answer, asking, message, turnIdOf, load, saveTurns } = script

    it('gives back what was saved, oldest first', async () => {
      await script.backend.save(script.id, [user(1), answer(1)])
      await script.backend.save(script.id, [user(2)])
      await script.backend.flush()
      const loaded = await load(2)
      expect(loaded.map(({ text }) => text)).toEqual(['question 1', 'answer 1', 'question 2'])
      expect(loaded[0]).toMatchObject({ id: user(1).id, role: 'user', state: 'done', turnId: turnIdOf(1) })
    })

    it('has nothing of a conversation that has not begun', async () => {
      expect(await load(1)).toEqual([])
    })

    it('keeps conversations apart', async () => {
      const other = await script.harness.createConversation(script.owner)
      await script.backend.save(script.id, [user(1)])
      await script.backend.save(other, [{ ...user(1), id: `${other}.u1` }])
      expect(await load(1)).toHaveLength(1)
    })

    it('gives back tool calls with their results and the ids of the provider', async () => {
      const { asked, results } = asking(1, 2)
      await script.backend.save(script.id, [user(1), asked, ...results])
      const [, loaded, ...rest] = await load(1)
      expect(loaded?.toolCalls).toEqual(asked.toolCalls)
      expect(loaded?.providerCallIds).toEqual(asked.providerCallIds)
      expect(rest.map(({ callId, text }) => [callId, text])).toEqual(
        results.map(({ callId, text }) => [callId, text]),
      )
    })

    it('is idempotent: a message saved twice is there once, and the first text stands', async () => {
      await script.backend.save(script.id, [user(1, 'first'), answer(1)])
      await script.backend.save(script.id, [user(1, 'second'), answer(1), user(2)])
      expect((await load(2)).map(({ text }) => text)).toEqual(['first', 'answer 1', 'question 2'])
    })

    it('saves nothing when there is nothing to save', async () => {
      await script.backend.save(script.id, [])
      expect(await load(1)).toEqual([])
    })

    it('has one message when it is saved by several at once', async () => {
      await Promise.all(Array.from({ length: 8 }, () => script.backend.save(script.id, [user(1), answer(1)])))
      expect(await load(1)).toHaveLength(2)
    })

    it('never returns messages that have not started', async () => {
      await script.backend.save(script.id, [user(1)])
      await script.harness.queueMessage(script.id, `${script.id}.waiting`)
      for (const strategy of [full, lastUsers(5), summary, none]) {
        expect((await load(1, strategy)).map((loaded) => loaded.id)).toEqual([user(1).id])
      }
    })

    it('full: everything', async () => {
      await saveTurns(30)
      expect(await load(30)).toHaveLength(60)
    })

    it('full: also what stands before the first user message', async () => {
      await script.backend.save(script.id, [
        message(`${script.id}.n`, 1, { role: 'note', text: 'A fact.' }),
        user(2),
      ])
      expect((await load(2)).map(({ role }) => role)).toEqual(['note', 'user'])
    })

    it('slidingWindow: from the nth last user message on', async () => {
      await saveTurns(5)
      const texts = (await load(5, lastUsers(2))).map(({ text }) => text)
      expect(texts).toEqual(['question 4', 'answer 4', 'question 5', 'answer 5'])
    })

    it('slidingWindow: counts user messages, not notes', async () => {
      await saveTurns(3)
      const fact = message(`${script.id}.n`, 3, { role: 'note', text: 'A fact.' })
      await script.backend.save(script.id, [fact, user(4)])
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
      await script.backend.save(script.id, [user(3), asked, ...results])
      expect((await load(3, none)).map((loaded) => loaded.id)).toEqual([
        user(3).id,
        asked.id,
        ...results.map((result) => result.id),
      ])
    })

    it('always has the running turn, whatever its length', async () => {
      await saveTurns(1)
      const steered = Array.from({ length: 4 }, (_, index) =>
        message(`${script.id}.s${index}`, 2, { role: 'user', text: `also ${index}` }),
      )
      await script.backend.save(script.id, steered)
      expect((await load(2, lastUsers(1))).map(({ text }) => text)).toEqual(steered.map(({ text }) => text))
    })

    it('puts results directly behind their calls, in the order in which the model asked', async () => {
      const { asked, results } = asking(1, 3, [2, 0, 1])
      const note = message(`${script.id}.n`, 1, { role: 'note', text: 'Between.' })
      await script.backend.save(script.id, [user(1), asked, note, ...results])
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
      const orphan = message(`${script.id}.o`, 1, { role: 'tool', callId: `${script.id}.o`, text: 'orphan' })
      await script.backend.save(script.id, [user(1), asked, ...results, orphan, answer(1)])
      expect((await load(1)).map(({ text }) => text)).toEqual(['question 1', 'answer 1'])
    })

    it('keeps the text of a message whose calls it cannot show', async () => {
      const { asked } = asking(1, 1, [])
      await script.backend.save(script.id, [user(1), { ...asked, text: 'I will look.' }])
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
            await script.beginAnother()
            for (const [index, { calls, lost, users }] of turns.entries()) {
              const turn = index + 1
              const { asked, results } = asking(turn, calls)
              await script.backend.save(script.id, [
                ...Array.from({ length: users }, (_, n) => ({
                  ...user(turn),
                  id: `${script.id}.u${turn}.${n}`,
                })),
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
      await script.backend.save(script.id, [user(1, 'a\0b\ud800'), answer(1, '€'.repeat(350_000))])
      const texts = (await load(1)).map(({ text }) => text)
      expect(texts).toEqual(['a\uFFFDb\uFFFD', '€'.repeat(350_000)])
    })

    it('lists the conversations of an owner that have messages, the latest first', async () => {
      const later = await script.harness.createConversation(script.owner)
      await script.harness.createConversation(script.owner)
      const foreign = await script.harness.createConversation(await script.harness.createOwner())
      await script.backend.save(script.id, [user(1)])
      await script.backend.save(later, [{ ...user(1), id: `${later}.u1` }])
      await script.backend.save(foreign, [{ ...user(1), id: `${foreign}.u1` }])
      await script.backend.flush()
      expect(await script.backend.list(script.owner)).toEqual([later, script.id])
      expect(await script.backend.list('o_nobody')).toEqual([])
    })
  })
  historyPartsConformance(name, open)
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
