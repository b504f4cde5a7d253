import type { ActivityServices } from '../activities/activity-services.ts'
import { createMessageSizes } from '../activities/context/message-sizes.ts'
import { openToolProcesses } from '../activities/isolation/tool-processes.ts'
import { openLoopBreath } from '../activities/loop-breath.ts'
import { ModelSlots } from '../activities/model-slots.ts'
import { openStopRegistry } from '../activities/stop-registry.ts'
import { WeightedGate } from '../ops/weighted-gate.ts'
import { connectCatalogue } from '../catalogue/connect-catalogue.ts'
import { createCompiler } from '../chain/compiler.ts'
import { loadSystemPrompt } from '../models/system-prompt.ts'
import { loadTokenCounter } from '../models/token-counter.ts'
import type { Config } from '../ops/config.ts'
import { readEnvironment } from '../ops/read-environment.ts'
import type { Logger } from '../ops/logger.ts'
import { createExternalServices, type ExternalServices } from '../services/external-services.ts'
import type { Database } from '../store/database.ts'
import { searchMemory } from '../store/memory.ts'
import { createPostgresEventLog } from '../store/postgres-event-log.ts'
import { createPostgresHistory } from '../store/postgres-history.ts'
import { createResultReader } from '../store/result-parts.ts'
import { createSharedServices, listenForServices } from '../store/services.ts'
import { toModelTool } from '../toolkit/model-tool.ts'
import type { MemoryPort } from '../toolkit/tool-services.ts'
import { toToolEnvironment } from './tool-environment.ts'

export type ConnectedServices = {
  services: ActivityServices
  externals: ExternalServices
  close(): Promise<void>
}

/** Of large results that are stored at the same time: more would only take connections from everything else. */
const storingLimitBytes = 32 * 1024 * 1024

/** Makes everything that activities use, once for the whole worker. */
export async function connectServices(
  config: Config,
  database: Database,
  logger: Logger,
  tellNote: ActivityServices['tellNote'],
): Promise<ConnectedServices> {
  const externals = createExternalServices({
    shared: createSharedServices(database),
    ...config.services,
    onProblem: (err) => logger.warn({ err }, 'what other workers know of a service cannot be asked'),
  })
  const onProblem = (err: unknown) => logger.warn({ err }, 'a connection broke and is being replaced')
  const { models, budgets, tools, chains, httpPort, rules } = await connectCatalogue(
    config,
    logger,
    externals,
  )
  const compiler = createCompiler()
  const stops = await openStopRegistry(database, onProblem)
  const stopListening = await listenForServices(database, {
    onNews: (news) => externals.take(news),
    onError: onProblem,
  })
  // A tokenizer takes half a second to load, in which nothing else runs: not in the first turn.
  await loadTokenCounter(models.defaultModel)
  const results = createResultReader(database)
  const memory: MemoryPort = { search: (wanted) => searchMemory(database, wanted) }
  const services: ActivityServices = {
    database,
    log: createPostgresEventLog(database, { onChannelError: onProblem }),
    history: createPostgresHistory(database),
    models,
    budgets,
    prompt: await loadSystemPrompt(config.models.systemPromptPath),
    tools: tools.offered,
    modelTools: new Map(tools.offered.list().map((tool) => [tool.name, toModelTool(tool)])),
    externals,
    toolServicesOf: (caller) => ({
      chain: (chainId) => chains.chain(chainId, caller),
      http: (name) => httpPort(name, caller),
      compiler: () => compiler,
      now: () => new Date(),
      results,
      memory,
    }),
    isolatedTools: tools.isolated,
    toolProcesses: openToolProcesses({
      memoryLimitMb: config.worker.toolMemoryMb,
      env: toToolEnvironment(config.tools.env, readEnvironment()),
    }),
    rules,
    messageSizes: createMessageSizes(),
    stops,
    modelSlots: new ModelSlots(config.worker.modelSlots),
    toolSlots: new WeightedGate(config.worker.toolSlots),
    resultGate: new WeightedGate(storingLimitBytes),
    loopBreath: openLoopBreath(),
    tellNote,
    logger,
    settings: {
      modelTimeoutMs: config.models.timeoutMs,
      modelTries: config.models.tries,
      maxOutputTokens: config.models.maxOutputTokens,
      turnTimeoutMs: config.turn.timeoutMs,
      toolTimeoutMs: config.tools.timeoutMs,
      toolTries: config.tools.tries,
      requestTtlMs: config.permissions.requestTtlMs,
      backgroundCalls: config.limits.backgroundCalls,
      openTurns: config.limits.openTurns,
      defaultChainId: chains.list()[0]?.chainId ?? 0,
    },
  }
  return {
    services,
    externals,
    async close() {
      chains.close()
      await stopListening()
      services.loopBreath.close()
      await services.toolProcesses.close()
      await services.history.flush()
      await stops.close()
    },
  }
}
