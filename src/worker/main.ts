/** The worker process: runs workflows and activities until it is told to stop. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

import { Connection, WorkflowClient } from '@temporalio/client'
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'

import { backgroundQueueOf } from '../contracts/temporal-names.ts'
import { askHelper } from '../activities/ask-helper.ts'
import { createActivities } from '../activities/create-activities.ts'
import { loadServiceConfig } from '../ops/config.ts'
import { createLogger } from '../ops/logger.ts'
import { createMetrics } from '../ops/metrics.ts'
import { announceReady } from '../ops/ready.ts'
import { onShutdown } from '../ops/shutdown.ts'
import { reportServices } from '../services/service-reporter.ts'
import { openDatabase } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { countStalled } from '../store/stalled.ts'
import { openWorkerRegistry } from '../store/worker-registry.ts'
import { createConversationWorkflows } from '../temporal/conversation-workflows.ts'
import { registerSearchAttributes } from '../temporal/register-search-attributes.ts'
import { readTemporalOptions, reconnectSoon } from '../temporal/temporal-options.ts'
import { ActivityJournal } from './activity-journal.ts'
import { buildBundle } from './build-bundle.ts'
import { watchForChores } from './chore-watch.ts'
import { connectServices } from './connect-services.ts'
import { clearDeletedConversations } from './deleted-conversations.ts'
import { startHealthServer } from './health-server.ts'
import { keepHouse } from './housekeeping.ts'
import { listSlotLoads } from './list-slot-loads.ts'
import { watchForLostActivities } from './lost-activities.ts'
import { openDeployment } from './open-deployment.ts'
import { watchForStalledConversations } from './stalled-conversations.ts'
import { toTemporalLogger } from './temporal-logger.ts'

const config = loadServiceConfig()
const logger = createLogger({ level: config.log.level, part: 'worker' })
const identity = `${process.pid}@${hostname()}`
const onProblem = (err: unknown) => logger.warn({ err }, 'a connection broke and is being replaced')
const onReportProblem = (err: unknown) => logger.warn({ err }, 'what services were asked was not stored')

Runtime.install({ logger: toTemporalLogger(logger), shutdownSignals: [] })
const database = openDatabase({
  url: config.database.url,
  poolSize: config.database.poolSize,
  applicationName: 'perdura-worker',
  onIdleError: onProblem,
})
const { namespace, taskQueue } = config.temporal
const temporalOptions = await readTemporalOptions(config.temporal)
// Whatever can be opened at the same time is: a dead worker's turns wait for this one.
const [[{ services, externals, close }, registry], connection, nativeConnection, bundle] = await Promise.all([
  migrate(database).then(() =>
    Promise.all([
      connectServices(config, database, logger, ({ messageId, position, note, ...conversation }) =>
        workflows.signalMessages(conversation, [{ messageId, position, note }]),
      ),
      openWorkerRegistry(database, identity, onProblem),
    ]),
  ),
  Connection.connect({ ...temporalOptions, ...reconnectSoon }).then(async (opened) => {
    await registerSearchAttributes(opened, namespace, logger)
    return opened
  }),
  NativeConnection.connect({ ...temporalOptions, grpcCompression: { codec: 'none' } }),
  config.worker.bundlePath === undefined
    ? buildBundle()
    : { code: await readFile(config.worker.bundlePath, 'utf8') },
])
const deployment = await openDeployment({
  connection,
  database,
  namespace,
  taskQueue,
  identity,
  bundle,
  logger,
  onProblem,
})
const journal = new ActivityJournal(registry, onProblem)
const client = new WorkflowClient({ connection, namespace })
const workflows = createConversationWorkflows({ connection, workflows: client, taskQueue })
const stopReporting = reportServices({
  services: externals,
  database,
  workerId: registry.id,
  onProblem: onReportProblem,
})
const watchers = [
  watchForLostActivities({ registry, connection, namespace, logger }),
  watchForStalledConversations({ database, connection, namespace, client, workflows, logger }),
]
const besideTurns = [
  watchForChores({
    database,
    logger,
    ask:
      services.models.helperModel === undefined
        ? undefined
        : async (question) => (await askHelper(question, services)).value,
  }),
  keepHouse({
    database,
    workflows,
    retention: config.retention,
    restMs: config.sweepRestMs,
    logger,
  }),
  clearDeletedConversations({ database, workflows, logger }),
]

const activities = createActivities(services)
const shared = {
  connection: nativeConnection,
  namespace,
  identity,
  interceptors: { activity: [journal.interceptor] },
  shutdownGraceTime: '3s',
  shutdownForceTime: '6s',
} satisfies Partial<WorkerOptions>
const [worker, backgroundWorker] = await Promise.all([
  Worker.create({
    ...shared,
    taskQueue,
    workflowBundle: bundle,
    ...deployment.workerOptions,
    activities,
    maxConcurrentActivityTaskExecutions: config.worker.activitySlots,
    maxConcurrentWorkflowTaskExecutions: config.worker.workflowSlots,
    maxCachedWorkflows: config.worker.cachedWorkflows,
    stickyQueueScheduleToStartTimeout: '1s',
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  }),
  // Calls of days have places of their own: turns would wait behind them.
  Worker.create({
    ...shared,
    taskQueue: backgroundQueueOf(taskQueue),
    activities: { runTool: activities.runTool, runToolStep: activities.runToolStep },
    maxConcurrentActivityTaskExecutions: config.worker.backgroundSlots,
    maxHeartbeatThrottleInterval: '30s',
    defaultHeartbeatThrottleInterval: '30s',
  }),
])
const health =
  config.worker.healthPort === undefined
    ? undefined
    : startHealthServer(config.worker.healthPort, {
        isReady: () => worker.getState() === 'RUNNING' && backgroundWorker.getState() === 'RUNNING',
        metrics: createMetrics({
          countStalled: () => countStalled(database),
          listSlots: () =>
            listSlotLoads(services, {
              limit: config.worker.activitySlots,
              used: worker.getStatus().numInFlightActivities,
            }),
          listServices: () => externals.reports(),
          listCircuits: () => externals.list().map(({ name, circuit }) => ({ name, circuit })),
        }),
      })
const running = Promise.all([worker.run(), backgroundWorker.run()])

const isStopping = onShutdown(logger, [
  {
    name: 'worker',
    timeoutMs: 6_500,
    async run() {
      // Not awaited: what they ask a server that is away takes its whole time.
      for (const stop of watchers) void stop()
      worker.shutdown()
      backgroundWorker.shutdown()
      await Promise.all([running, deployment.leave(), ...besideTurns.map((stop) => stop())])
    },
  },
  {
    name: 'services',
    timeoutMs: 3_000,
    async run() {
      health?.close()
      stopReporting()
      await close()
      await journal.close()
      await registry.close()
      await nativeConnection.close()
      await connection.close()
      await database.close()
    },
  },
])
announceReady()
// Not before: the start of a worker is what turns of a dead one wait for.
if (config.tools.folder !== undefined) services.toolProcesses.warm()
logger.info(
  {
    identity,
    buildId: deployment.buildId,
    model: services.models.defaultModel.id,
    tools: services.tools.list().length,
  },
  'worker is ready',
)
// One that cannot stop is left behind by its step; one that ends by itself takes the process with it.
await running.catch((error: unknown) => {
  if (!isStopping()) throw error
})
