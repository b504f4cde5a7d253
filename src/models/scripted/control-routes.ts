import type { ScriptedApp } from './app.ts'
import type { Gates } from './gates.ts'
import type { AwaitedState, RequestLog } from './request-log.ts'
import type { ScriptBook } from './script-book.ts'
import { script } from './scripted-reply.ts'

export type ControlPorts = { gates: Gates; log: RequestLog; book: ScriptBook }

const states: readonly AwaitedState[] = ['arrived', 'completed', 'closed']

/**
 * Adds what a test drives the scripted model with: `POST /script`, `POST /gates/NAME/open`,
 * `GET /requests?key=` and `GET /requests/wait?key=&number=&state=`, which answers when it is so.
 */
export function addControlRoutes(app: ScriptedApp, { gates, log, book }: ControlPorts): void {
  app.post('/script', async (context) => {
    const parsed = script.safeParse(await context.req.json())
    if (!parsed.success) return context.json({ error: parsed.error.message }, 422)
    book.set(parsed.data.key, parsed.data.replies)
    return context.body(null, 204)
  })
  app.post('/gates/:name/open', (context) => {
    gates.open(context.req.param('name'))
    return context.body(null, 204)
  })
  app.get('/requests', (context) => context.json({ requests: log.list(context.req.query('key') ?? '') }))
  app.get('/requests/wait', async (context) => {
    const { key = '', number = '1', state: wanted = 'arrived' } = context.req.query()
    const state = states.find((known) => known === wanted)
    if (!state) return context.json({ error: `state is one of ${states.join(', ')}` }, 422)
    return context.json(await log.until(key, Number(number), state, context.req.raw.signal))
  })
}
