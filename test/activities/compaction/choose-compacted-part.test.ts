import fc from 'fast-check'
import { expect, test } from 'vitest'

import { chooseCompactedPart } from '../../../src/activities/compaction/choose-compacted-part.ts'
import { toMaxBytes } from '../../../src/activities/context/context-budget.ts'
import { fitContext } from '../../../src/activities/context/fit-context.ts'
import { toSummarizedWindow } from '../../../src/activities/context/history-shares.ts'
import { listTurns } from '../../../src/activities/context/list-turns.ts'
import type { MessageSize } from '../../../src/store/compactions.ts'

/** With 2.5 bytes for a token, a window of 1,000 bytes. */
const full = { windowTokens: 400, reason: 'full' } as const
const asked = { ...full, reason: 'asked' } as const

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
  expect(chooseCompactedPart(turnsOf(100, 100, 100, 100), full)).toEqual({
    from: 1,
    to: 14,
    sizeBytes: 200,
    keptFrom: 't2.0',
  })
})

test('behavior: nothing when all of it fits', () => {
  expect(chooseCompactedPart(turnsOf(50, 50), full)).toBeUndefined()
  expect(chooseCompactedPart([], full)).toBeUndefined()
})

test('behavior: the latest turn stays although it takes more than its share', () => {
  expect(chooseCompactedPart(turnsOf(100, 250), full)).toMatchObject({ to: 4, keptFrom: 't1.0' })
})

test('behavior: one that takes most of the window is summed up as well', () => {
  expect(chooseCompactedPart(turnsOf(100, 900), full)).toEqual({ from: 1, to: 14, sizeBytes: 1_000 })
})

test('behavior: asked for, it keeps the latest two and nothing else', () => {
  expect(chooseCompactedPart(turnsOf(4, 4, 4), asked)).toMatchObject({ to: 4, keptFrom: 't1.0' })
  expect(chooseCompactedPart(turnsOf(4, 4), asked)).toBeUndefined()
})

test('behavior: a message that joined a turn is not parted from it', () => {
  const [question, call, result, answer] = turnsOf(4)
  if (!question || !call || !result || !answer) throw new Error('There is no turn.')
  const steered = { ...question, id: 'steered', position: 4 }
  const joined = [question, call, result, steered, { ...answer, position: 5 }]
  const older = turnsOf(4, 4).map((message) => ({ ...message, position: message.position - 20 }))
  expect(chooseCompactedPart([...older, ...joined], asked)).toMatchObject({ keptFrom: 't1.0' })
})

test('behavior: messages that no turn has brought are turns from one question to the next', () => {
  const imported = turnsOf(4, 4, 4).map((message) => ({ ...message, turnId: null }))
  const part = chooseCompactedPart(imported, asked)
  expect(part).toMatchObject({ to: 4, keptFrom: 't1.0' })
})

test('property: cuts only before a question, and what is kept fits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_500), { maxLength: 20 }), (sizes) => {
      const messages = turnsOf(...sizes)
      const part = chooseCompactedPart(messages, full)
      const kept = messages.filter(({ position }) => position > (part?.to ?? 0))
      expect(kept[0]?.role ?? 'user').toBe('user')
      expect(kept[0]?.id).toBe(part === undefined ? messages[0]?.id : part.keptFrom)
      expect(kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(300)
    }),
  )
})

test('property: where a call asks for a summary there is something to sum up', () => {
  fc.assert(
    fc.property(anyAsking, ({ turns, budgetTokens, noteTokens, running, isExact }) => {
      const stored = turns.flatMap((messages, turn) =>
        messages.map(({ tokens, sizeBytes, hiddenBytes, joined }, index) => ({
          message: toStored(turn, index, joined, sizeBytes + hiddenBytes),
          counted: { id: `t${turn}.${index}`, tokens, sizeBytes, isResult: false },
        })),
      )
      const { loaded, complete } = load(stored, toMaxBytes(budgetTokens, isExact))
      const older = listTurns(loaded.map(({ message, counted }) => ({ ...message, counted })))
      const fitted = fitContext({
        strategy: 'summary',
        budgetTokens,
        noteTokens,
        older: older.map((unit) => unit.map(({ counted }) => counted)),
        running: [{ id: 'running', tokens: running, sizeBytes: running, isResult: true }],
        complete,
        compacted: false,
      })
      fc.pre(fitted.kind === 'compact')
      const windowTokens = toSummarizedWindow(budgetTokens)
      const sizes = stored.map(({ message }, position) => ({ ...message, position }))
      expect(chooseCompactedPart(sizes, { windowTokens, reason: 'full' })).toBeDefined()
    }),
    { numRuns: 1_000 },
  )
})

/** The store counts more than what reaches the model, which counts tokens besides. */
const anyMessage = fc.record({
  tokens: fc.integer({ min: 1, max: 40_000 }),
  sizeBytes: fc.oneof(fc.nat(2_000), fc.nat(150_000)),
  hiddenBytes: fc.nat(300),
  joined: fc.boolean(),
})
const anyAsking = fc.record({
  turns: fc.array(fc.array(anyMessage, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
  budgetTokens: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 300_000 })),
  noteTokens: fc.nat(2_000),
  running: fc.nat(250_000),
  isExact: fc.boolean(),
})

function toStored(
  turn: number,
  index: number,
  joined: boolean,
  sizeBytes: number,
): Omit<MessageSize, 'position'> {
  const role = index === 0 || joined ? 'user' : 'assistant'
  return { id: `t${turn}.${index}`, role, turnId: `t${turn}`, sizeBytes }
}

/** As the store loads what stands before a turn: from the newest back to a message of the user. */
function load<Entry extends { message: { role: string; sizeBytes: number } }>(
  stored: readonly Entry[],
  maxBytes: number,
): { loaded: readonly Entry[]; complete: boolean } {
  let bytes = 0
  let first = stored.length
  for (const [index, { message }] of [...stored.entries()].toReversed()) {
    bytes += message.sizeBytes
    if (bytes > maxBytes) return { loaded: stored.slice(first), complete: false }
    if (message.role === 'user') first = index
  }
  return { loaded: stored, complete: true }
}
