import { describe, expect, it } from 'vitest'

import type { Compaction, HistoryMessage } from '../../src/store/history-backend.ts'
import { full, type HistoryHarness, lastUsers, none, summary, useHistoryScript } from './history-script.ts'

const summed = (text: string | null): Compaction => ({ summary: text, facts: [], factsLeftOut: 0 })

/** Runs the part of the contract of `HistoryBackend` that is about what counts of a conversation. */
export function historyPartsConformance(name: string, open: () => Promise<HistoryHarness>): void {
  describe(`${name} knows what counts of a conversation`, () => {
    const script = useHistoryScript(open)
    const { user, answer, asking, message, turnIdOf, loadWhole, load, textsOf, saveTurns } = script

    it('summary: everything, as long as nothing is summed up', async () => {
      await saveTurns(3)
      expect(await loadWhole(3, summary)).toEqual({ ...(await loadWhole(3, full)), complete: true })
    })

    it('summary: the latest compaction, and what stands behind it', async () => {
      await saveTurns(4)
      const facts = [{ callId: `${script.id}.c`, tool: 'time_now', path: 'iso', value: '2020-01-01' }]
      await script.harness.compact(script.id, answer(1).id, summed('One.'))
      await script.harness.compact(script.id, answer(2).id, {
        summary: 'One and two.',
        facts,
        factsLeftOut: 3,
      })
      const loaded = await loadWhole(4, summary)
      expect(loaded.compaction).toEqual({ summary: 'One and two.', facts, factsLeftOut: 3 })
      expect(textsOf(loaded)).toEqual(['question 3', 'answer 3', 'question 4', 'answer 4'])
    })

    it('summary: a compaction of which no model wrote the text, and no message behind it', async () => {
      await saveTurns(1)
      await script.harness.compact(script.id, answer(1).id, summed(null))
      expect(await loadWhole(2, summary)).toEqual({ messages: [], compaction: summed(null), complete: true })
    })

    it('summary: never parts the running turn, also when a compaction ends inside it', async () => {
      await saveTurns(1)
      const { asked, results } = asking(2, 1)
      await script.backend.save(script.id, [user(2), asked, ...results])
      await script.harness.compact(script.id, asked.id, summed('Some.'))
      expect((await load(2, summary)).map((loaded) => loaded.id)).toEqual([
        user(2).id,
        asked.id,
        ...results.map((result) => result.id),
      ])
    })

    it('other strategies do without compactions', async () => {
      await saveTurns(3)
      await script.harness.compact(script.id, answer(2).id, summed('Old.'))
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
      await script.harness.compact(script.id, answer(1).id, summed('Old.'), true)
      const shown = [full, lastUsers(5), summary].map(async (strategy) => loadWhole(3, strategy))
      for (const { messages, compaction } of await Promise.all(shown)) {
        expect([messages.length, compaction?.summary]).toEqual([4, 'Old.'])
      }
      expect((await loadWhole(3, none)).compaction).toBeUndefined()
    })

    it('gives nothing of what stood there when the conversation was cleared', async () => {
      await saveTurns(2)
      await script.harness.compact(script.id, answer(1).id, summed('Old.'))
      await script.harness.clear(script.id)
      await script.backend.save(script.id, [user(3)])
      for (const strategy of [full, lastUsers(5), summary, none]) {
        expect(await loadWhole(3, strategy)).toEqual({
          messages: [expect.objectContaining({ id: user(3).id })],
          complete: true,
        })
      }
    })

    it('keeps the running turn when the conversation is cleared in the middle of it', async () => {
      await saveTurns(2)
      await script.harness.clear(script.id)
      await script.backend.save(script.id, [message(`${script.id}.n`, 2, { role: 'note', text: 'Later.' })])
      expect((await load(2)).map(({ text }) => text)).toEqual(['question 2', 'answer 2', 'Later.'])
    })

    it('never gives superseded messages', async () => {
      await saveTurns(3)
      await script.harness.supersede(script.id, [user(2).id, answer(2).id], user(3).id)
      for (const strategy of [full, lastUsers(2), summary]) {
        expect((await load(3, strategy)).map(({ text }) => text)).toEqual([
          'question 1',
          'answer 1',
          'question 3',
          'answer 3',
        ])
      }
    })

    it('never gives messages of a turn that is to be forgotten, and no place in the window to them', async () => {
      await saveTurns(3)
      await script.harness.letPass(script.id, turnIdOf(2))
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
      const forgotten = message(`${script.id}.gone`, 2, { role: 'user' })
      await script.backend.save(script.id, [user(1), answer(1), forgotten, user(3)])
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
      await script.backend.save(script.id, turns.flat())
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
  })
}

function idsOf(messages: readonly HistoryMessage[]): string[] {
  return messages.map(({ id }) => id)
}
