import { defineTool } from 'perdura/toolkit'
import { z } from 'zod'

/** Computes without a pause: where it runs, nothing else does. */
export default defineTool({
  name: 'spin',
  title: ({ spinMs }) => `Spin ${spinMs} ms`,
  description: 'Computes for a while. For measurements.',
  effect: 'compute',
  uses: [],
  timeoutMs: 30_000,
  tries: 1,
  input: z.strictObject({ spinMs: z.int() }),
  output: z.object({ rounds: z.int() }),
  async run({ spinMs }) {
    const untilMs = performance.now() + spinMs
    let rounds = 0
    while (performance.now() < untilMs) rounds += 1
    return { rounds }
  },
})
