import { setTimeout as pause } from 'node:timers/promises'

import { defineTool } from 'perdura/toolkit'
import { z } from 'zod'

/** Takes a known time, so that what a recovery adds can be told from the work itself. */
export default defineTool({
  name: 'wait',
  title: ({ waitMs }) => `Wait ${waitMs} ms`,
  description: 'Waits. For measurements.',
  effect: 'read',
  uses: [],
  input: z.strictObject({ waitMs: z.int() }),
  output: z.object({ waitedMs: z.int() }),
  async run({ waitMs }, { signal }) {
    await pause(waitMs, undefined, { signal })
    return { waitedMs: waitMs }
  },
})
