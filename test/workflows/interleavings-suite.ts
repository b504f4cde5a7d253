import { inspect } from 'node:util'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Engine } from './engine.ts'
import { anyInterleaving, type Step } from './interleavings.ts'
import { listFaults } from './list-faults.ts'
import { LiveConversation } from './live-conversation.ts'

/** A hang must fail; a machine that has much else to do must not. */
const settledWithinMs = 300_000
/** One in so many may get a long history. */
const growing = 8

/** Conversations in the real engine, many at once, to which anything may happen in any order. */
export function interleavingsSuite(
  engine: () => Engine,
  { conversations, atOnce }: { conversations: number; atOnce: number },
): void {
  test(
    `property: ${conversations} conversations settle after any interleaving`,
    {
      timeout: settledWithinMs,
    },
    async () => {
      const seed = Date.now()
      const interleavings = fc.sample(anyInterleaving(25), { numRuns: conversations, seed })
      const faults: string[] = []
      let next = 0
      async function playSome(): Promise<void> {
        for (let index = next++; index < interleavings.length; index = next++) {
          const steps = interleavings[index] ?? []
          const found = await play(new LiveConversation(engine(), index % growing === 0), steps)
          faults.push(...found.map((fault) => `${fault}\nseed ${seed}, number ${index}: ${steps.join(', ')}`))
        }
      }
      await Promise.all(Array.from({ length: atOnce }, playSome))
      expect(faults).toEqual([])
    },
  )
}

async function play(conversation: LiveConversation, steps: readonly Step[]): Promise<string[]> {
  try {
    for (const step of steps) await step.play(conversation)
    await conversation.drain()
    return [...conversation.faults, ...listFaults(conversation)]
  } catch (fault) {
    return [...conversation.faults, inspect(fault)]
  } finally {
    conversation.letGo()
  }
}
