import { except } from 'hono/combine'
import { cors } from 'hono/cors'

import { AppError } from '../contracts/errors.ts'
import { bodySizeLimitBytes, importSizeLimitBytes } from '../contracts/limits.ts'
import { eventSchema, snapshotEventSchema } from '../schemas/event.ts'
import type { ApiServices } from './api-services.ts'
import { authenticate } from './authenticate.ts'
import { countRequests } from './count-requests.ts'
import { toDocsPage } from './docs-page.ts'
import { limitBody } from './limit-body.ts'
import { limitRequests } from './limit-requests.ts'
import { createRouter, withOtherProblems } from './open-api.ts'
import type { OpenStreams } from './open-streams.ts'
import { toAppError, toProblem } from './problem.ts'
import { readOutRefused } from './read-out-refused.ts'
import {
  checkHost,
  refuseWhenStopping,
  requireJson,
  withRequestId,
  withSecurityHeaders,
} from './request-middleware.ts'
import { requireAdminKey } from './require-admin-key.ts'
import { adminConversationRoutes } from './routes/admin-conversations.ts'
import { adminServiceRoutes } from './routes/admin-services.ts'
import { authRoutes } from './routes/auth.ts'
import { branchRoutes } from './routes/branches.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { contextRoutes } from './routes/context.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { eventRoutes } from './routes/events.ts'
import { exportRoutes } from './routes/exports.ts'
import { grantRoutes } from './routes/grants.ts'
import { healthRoutes } from './routes/health.ts'
import { memoryRoutes } from './routes/memory.ts'
import { messagePageRoutes } from './routes/message-pages.ts'
import { messageRoutes } from './routes/messages.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { progressRoutes } from './routes/progress.ts'
import { requestRoutes } from './routes/requests.ts'
import { resetRoutes } from './routes/reset.ts'
import { resultRoutes } from './routes/results.ts'
import { usageRoutes } from './routes/usage.ts'

const importPath = '/api/conversations/import'
const withoutOwner = ['/api/auth/guest', '/api/admin/*']
const info = { title: 'Perdura', version: '1', description: 'The native API; see docs/api.md for its use.' }

/** Puts the HTTP application together. `host` is the address it is bound to. */
export function createApp(services: ApiServices, streams: OpenStreams, host: string) {
  const app = createRouter()
  app.use(withRequestId(services.logger))
  app.use(countRequests(services.metrics))
  app.use(withSecurityHeaders)
  app.use(readOutRefused())
  app.use(checkHost(host, services.settings.allowedHosts))
  if (services.settings.corsOrigins.length > 0)
    app.use('/api/*', cors({ origin: [...services.settings.corsOrigins] }))
  app.route('/', healthRoutes(services))
  app.route('/', metricsRoutes(services))
  app.use(refuseWhenStopping(services.isAccepting))
  app.use(requireJson)
  app.use(except(importPath, limitBody(bodySizeLimitBytes)))
  // Everything but the login and what operators have a key for, so that a new route is guarded without anybody thinking of it.
  app.use('/api/*', except(withoutOwner, authenticate(services.database)))
  app.use('/api/*', except(withoutOwner, limitRequests(services.requestLimiter)))
  app.use('/api/admin/*', requireAdminKey(services.settings.adminKey))
  // Behind the token: nobody else may send as much.
  app.use(importPath, limitBody(importSizeLimitBytes))
  for (const routes of [
    authRoutes,
    conversationRoutes,
    messageRoutes,
    messagePageRoutes,
    branchRoutes,
    exportRoutes,
    contextRoutes,
    requestRoutes,
    grantRoutes,
    memoryRoutes,
    progressRoutes,
    resultRoutes,
    resetRoutes,
    usageRoutes,
    catalogueRoutes,
    adminConversationRoutes,
    adminServiceRoutes,
  ]) {
    app.route('/', routes(services))
  }
  app.route('/', eventRoutes(services, streams))

  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.register('Event', eventSchema)
  app.openAPIRegistry.register('SnapshotEvent', snapshotEventSchema)
  const toDocument = () => withOtherProblems(app.getOpenAPI31Document({ openapi: '3.1.0', info }))
  app.get('/openapi.json', (context) => context.json(toDocument()))
  app.get('/docs', (context) => context.html(toDocsPage(JSON.parse(JSON.stringify(toDocument())))))
  app.get('/', (context) => context.redirect('/docs'))

  app.notFound((context) =>
    toProblem(context, new AppError('not_found', `There is nothing at ${context.req.path}. See /docs.`)),
  )
  app.onError((error, context) => {
    const known = toAppError(error)
    if (known.code === 'internal')
      context.get('logger').error({ err: error, path: context.req.path }, 'request failed')
    return toProblem(context, known)
  })
  return app
}
