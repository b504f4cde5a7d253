import { defineTool } from 'perdura/toolkit'
import { z } from 'zod'

/** Neither ends nor listens to a Stop. */
export default defineTool({
  name: 'hang',
  title: () => 'Never ends, whatever it is told.',
  description: 'Never ends, whatever it is told. For measurements.',
  effect: 'read',
  uses: [],
  timeoutMs: 30_000,
  tries: 1,
  input: z.strictObject({}),
  output: z.object({}),
  run: () => new Promise(() => {}),
})
