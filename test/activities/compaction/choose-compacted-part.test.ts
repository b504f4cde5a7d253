import fc from 'fast-check'
import { expect, test } from 'vitest'

import { chooseCompactedPart } from '../../../src/activities/compaction/choose-compacted-part.ts'
import type { MessageSize } from '../../../src/store/compactions.ts'

/** With 2.5 bytes for a token, a window of 1,000 bytes. */
const share = { windowTokens: 400, latest: 1, recentShare: 0.2 }

/** Turns of a question, a call with its result, and an answer, with this many bytes in all. */
function turnsOf(...sizes: number[]): MessageSize[] {
  const roles = ['user', 'assistant', 'tool', 'assistant'] as const
  return sizes.flatMap((sizeBytes, turn) =>
    roles.map((role, index) => ({
      id: `t${turn}.${index}`,
      position: turn * 10 + index + 1,
      role,
      turnId: `t${turn}`,
      sizeBytes: sizeBytes / 4,
    })),
  )
}

test('sums up whole turns, and keeps the recent ones that fit their share', () => {
  expect(chooseCompactedPart(turnsOf(100, 100, 100, 100), share)).toEqual({
    from: 1,
    to: 14,
    sizeBytes: 200,
    keptFrom: 't2.0',
  })
})

test('behavior: nothing when all of it fits', () => {
  expect(chooseCompactedPart(turnsOf(50, 50), share)).toBeUndefined()
  expect(chooseCompactedPart([], share)).toBeUndefined()
})

test('behavior: the latest turn stays although it takes more than its share', () => {
  expect(chooseCompactedPart(turnsOf(100, 250), share)).toMatchObject({ to: 4, keptFrom: 't1.0' })
})

test('behavior: one that takes most of the window is summed up as well', () => {
  expect(chooseCompactedPart(turnsOf(100, 900), share)).toEqual({ from: 1, to: 14, sizeBytes: 1_000 })
})

test('behavior: asked for, it keeps the latest two and nothing else', () => {
  const asked = { ...share, latest: 2, recentShare: 0 }
  expect(chooseCompactedPart(turnsOf(4, 4, 4), asked)).toMatchObject({ to: 4, keptFrom: 't1.0' })
  expect(chooseCompactedPart(turnsOf(4, 4), asked)).toBeUndefined()
})

test('behavior: a message that joined a turn is not parted from it', () => {
  const [question, call, result, answer] = turnsOf(4)
  if (!question || !call || !result || !answer) throw new Error('There is no turn.')
  const steered = { ...question, id: 'steered', position: 4 }
  const joined = [question, call, result, steered, { ...answer, position: 5 }]
  expect(chooseCompactedPart(joined, { ...share, latest: 1, recentShare: 0 })).toBeUndefined()
})

test('behavior: messages that no turn has brought are turns from one question to the next', () => {
  const imported = turnsOf(4, 4, 4).map((message) => ({ ...message, turnId: null }))
  const part = chooseCompactedPart(imported, { ...share, latest: 2, recentShare: 0 })
  expect(part).toMatchObject({ to: 4, keptFrom: 't1.0' })
})

test('property: cuts only before a question, and what is kept fits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_500), { maxLength: 20 }), (sizes) => {
      const messages = turnsOf(...sizes)
      const part = chooseCompactedPart(messages, share)
      const kept = messages.filter(({ position }) => position > (part?.to ?? 0))
      expect(kept[0]?.role ?? 'user').toBe('user')
      expect(kept[0]?.id).toBe(part === undefined ? messages[0]?.id : part.keptFrom)
      expect(kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(300)
    }),
  )
})
