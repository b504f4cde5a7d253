/** The api process: HTTP and server-sent events, without state of its own. */
import { serve } from '@hono/node-server'
import { WorkflowClient } from '@temporalio/client'

import { connectCatalogue } from '../catalogue/connect-catalogue.ts'
import { copiesPerMinute } from '../contracts/limits.ts'
import { loadServiceConfig } from '../ops/config.ts'
import { createLogger } from '../ops/logger.ts'
import { createApiMetrics } from '../ops/metrics.ts'
import { announceReady } from '../ops/ready.ts'
import { onShutdown } from '../ops/shutdown.ts'
import { createExternalServices } from '../services/external-services.ts'
import { openDatabase } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { createPostgresEventLog } from '../store/postgres-event-log.ts'
import { createSharedServices } from '../store/services.ts'
import { countStalled } from '../store/stalled.ts'
import { connectTemporal } from '../temporal/connect-temporal.ts'
import { createConversationWorkflows } from '../temporal/conversation-workflows.ts'
import { registerSearchAttributes } from '../temporal/register-search-attributes.ts'
import { closeServer } from './close-server.ts'
import { createApp } from './create-app.ts'
import { EventFeed } from './event-feed.ts'
import { createMinuteLimiter } from './minute-limiter.ts'
import { OpenStreams } from './open-streams.ts'

const config = loadServiceConfig()
const logger = createLogger({ level: config.log.level, part: 'api' })
const onProblem = (err: unknown) => logger.warn({ err }, 'a connection broke and is being replaced')
const database = openDatabase({
  url: config.database.url,
  poolSize: config.database.poolSize,
  applicationName: 'perdura-api',
  onIdleError: onProblem,
})
await migrate(database)
const externals = createExternalServices({
  shared: createSharedServices(database),
  ...config.services,
  onProblem: (err) => logger.warn({ err }, 'what workers know of a service cannot be asked'),
})
const catalogue = await connectCatalogue(config, logger, externals)
const connection = await connectTemporal(config.temporal)
const { namespace, taskQueue } = config.temporal
const log = createPostgresEventLog(database, { onChannelError: onProblem })
const feed = new EventFeed(log, logger)
await feed.open()

const { limits } = config
const streams = new OpenStreams(
  {
    perOwner: limits.streamsPerOwner,
    frames: limits.streamBufferEvents,
    sizeBytes: limits.streamBufferBytes,
  },
  logger,
)
let accepting = true
const app = createApp(
  {
    database,
    log,
    feed,
    workflows: createConversationWorkflows({
      connection,
      taskQueue,
      workflows: new WorkflowClient({ connection, namespace }),
    }),
    ...catalogue,
    guestLimiter: createMinuteLimiter(database, limits.guestLoginsPerMinute),
    requestLimiter: createMinuteLimiter(database, limits.requestsPerMinute),
    copyLimiter: createMinuteLimiter(database, copiesPerMinute),
    logger,
    metrics: createApiMetrics({
      countStalled: () => countStalled(database),
      countStreams: () => streams.count,
    }),
    settings: {
      history: config.history,
      permissions: config.permissions.policy,
      queuedMessages: limits.queuedMessages,
      openTurns: limits.openTurns,
      conversationsPerGuest: limits.conversationsPerGuest,
      streamsPerOwner: limits.streamsPerOwner,
      tokenTtlMs: config.auth.tokenTtlMs,
      allowedHosts: config.server.allowedHosts,
      corsOrigins: config.server.corsOrigins,
      adminKey: config.adminKey,
    },
    isAccepting: () => accepting,
  },
  streams,
  config.server.host,
)
await registerSearchAttributes(connection, namespace, logger)

const server = serve(
  { fetch: app.fetch, hostname: config.server.host, port: config.server.port },
  ({ port }) => {
    announceReady({ port })
    logger.info({ port }, 'api is ready')
  },
)

onShutdown(logger, [
  {
    name: 'http',
    timeoutMs: 6_000,
    run() {
      accepting = false
      streams.closeAll()
      return closeServer(server)
    },
  },
  {
    name: 'connections',
    timeoutMs: 3_000,
    async run() {
      await feed.close()
      await connection.close()
      catalogue.chains.close()
      await database.close()
    },
  },
])
