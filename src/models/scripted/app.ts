import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'

import { toBenchReply } from './bench-reply.ts'
import { chatRequest, findScriptKey } from './chat-request.ts'
import type { ChatRequest } from './chat-request.ts'
import { addControlRoutes } from './control-routes.ts'
import type { ControlPorts } from './control-routes.ts'
import { toDemoReply } from './demo/demo-reply.ts'
import { toHelperReply } from './helper-reply.ts'
import type { ScriptedReply } from './scripted-reply.ts'
import { sendReply } from './send-reply.ts'

export type ScriptedApp = Hono<{ Bindings: HttpBindings }>
export type ScriptedMode = 'demo' | 'test'

// About the speed of a quick service, so that people see the text grow.
const demoPaceMs = 20

/** The second one is for conversations that outgrow their context. */
const benchModels: ReadonlySet<string> = new Set(['bench', 'bench-long'])

/**
 * Builds the HTTP side of the scripted model: Chat Completions and the list of models. In test mode there
 * are the routes that drive it as well, and nothing is slowed down.
 */
export function createScriptedApp(mode: ScriptedMode, ports: ControlPorts): ScriptedApp {
  const app: ScriptedApp = new Hono()
  app.get('/v1/models', (context) => context.json({ object: 'list', data: ['demo', 'bench'].map(toModel) }))
  app.post('/v1/chat/completions', async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined)
    const parsed = chatRequest.safeParse(body)
    if (!parsed.success) {
      return context.json({ error: { message: parsed.error.message, type: 'invalid_request_error' } }, 400)
    }
    const request = parsed.data
    const key = mode === 'test' ? findScriptKey(request) : undefined
    const onEnd = mode === 'test' ? ports.log.add(key ?? '', request.model, body) : () => undefined
    return sendReply(key ? ports.book.next(key) : toOwnReply(request, mode), {
      id: `chatcmpl-${crypto.randomUUID()}`,
      model: request.model,
      stream: request.stream === true,
      includeUsage: request.stream_options?.include_usage === true,
      usage: estimateUsage(request),
      gates: ports.gates,
      onEnd,
      breakConnection: () => context.env.outgoing.destroy(),
    })
  })
  if (mode === 'test') addControlRoutes(app, ports)
  return app
}

function toOwnReply(request: ChatRequest, mode: ScriptedMode): ScriptedReply {
  const asHelper = toHelperReply(request)
  if (asHelper) return asHelper
  if (benchModels.has(request.model)) return toBenchReply(request)
  return toDemoReply(request, mode === 'demo' ? demoPaceMs : 0)
}

function toModel(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'perdura' }
}

/** Four characters a token: near enough for a model that only pretends. */
function estimateUsage({ messages }: ChatRequest) {
  const length = messages.reduce((sum, { content }) => sum + content.length, 0)
  return { prompt_tokens: Math.ceil(length / 4), completion_tokens: 40 }
}
