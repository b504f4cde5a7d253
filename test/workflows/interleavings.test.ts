/** Whatever happens to a conversation in whatever order: it comes back to rest, and no promise is broken. */
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyInterleaving } from './interleavings.ts'
import { listFaults } from './list-faults.ts'
import { PlayedConversation } from './played-conversation.ts'

const runs = 8_000

test('property: a conversation settles after any interleaving of what people, activities and time do', async () => {
  await fc.assert(
    fc.asyncProperty(anyInterleaving(60), async (steps) => {
      const conversation = new PlayedConversation()
      for (const step of steps) await step.play(conversation)
      await conversation.drain()
      expect(listFaults(conversation)).toEqual([])
    }),
    { numRuns: runs },
  )
})
