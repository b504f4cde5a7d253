import { defineTool } from 'perdura/toolkit'
import { z } from 'zod'

/** Fails, as a tool does that has a fault. */
export default defineTool({
  name: 'throw_error',
  title: () => 'Throws an error.',
  description: 'Throws an error. For measurements.',
  effect: 'read',
  uses: [],
  timeoutMs: 30_000,
  tries: 1,
  input: z.strictObject({}),
  output: z.object({}),
  async run() {
    throw new Error('This tool always throws.')
  },
})
