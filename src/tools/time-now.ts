import { z } from 'zod'

import { defineTool } from '../toolkit/define-tool.ts'

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

export default defineTool({
  name: 'time_now',
  title: () => 'Current time',
  description:
    'The current date and time in UTC. Use it for anything that depends on today, and to tell how old a block is. It takes no arguments and does not know the time zone of the user.',
  effect: 'read',
  quick: true,
  uses: [],
  timeoutMs: 5_000,
  input: z.strictObject({}),
  output: z.object({
    utc: z.string().describe('ISO 8601, in UTC.'),
    unixSeconds: z.int().describe('Seconds since 1970, as block timestamps are written.'),
    weekday: z.string(),
  }),
  async run(_input, { services }) {
    const now = services.now()
    return {
      utc: now.toISOString(),
      unixSeconds: Math.floor(now.getTime() / 1000),
      weekday: weekdays[now.getUTCDay()] ?? '',
    }
  },
})
