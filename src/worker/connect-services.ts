import type { ActivityServices } from '../activities/activity-services.ts'
import { createMessageSizes } from '../activities/context/message-sizes.ts'
import { openLoopBreath } from '../activities/loop-breath.ts'
import { openStopRegistry } from '../activities/stop-registry.ts'
import { WeightedGate } from '../activities/weighted-gate.ts'
import { connectCatalogue } from '../catalogue/connect-catalogue.ts'
import { createCompiler } from '../chain/compiler.ts'
import { loadSystemPrompt } from '../models/system-prompt.ts'
import { loadTokenCounter } from '../models/token-counter.ts'
import type { Config } from '../ops/config.ts'
import type { Logger } from '../ops/logger.ts'
import type { Database } from '../store/database.ts'
import { searchMemory } from '../store/memory.ts'
import { createPostgresEventLog } from '../store/postgres-event-log.ts'
import { createPostgresHistory } from '../store/postgres-history.ts'
import { createResultReader } from '../store/result-parts.ts'
import { toModelTool } from '../toolkit/model-tool.ts'

export type ConnectedServices = { services: ActivityServices; close(): Promise<void> }

/** Of large results that are stored at the same time: more would only take connections from everything else. */
const storingLimitBytes = 32 * 1024 * 1024

/** Makes everything that activities use, once for the whole worker. */
export async function connectServices(
  config: Config,
  database: Database,
  logger: Logger,
  tellNote: ActivityServices['tellNote'],
): Promise<ConnectedServices> {
  const onProblem = (err: unknown) => logger.warn({ err }, 'a connection broke and is being replaced')
  const { models, budgets, tools, chains, rules } = await connectCatalogue(config, logger)
  const compiler = createCompiler()
  const stops = await openStopRegistry(database, onProblem)
  // A tokenizer takes half a second to load, in which nothing else runs: not in the first turn.
  await loadTokenCounter(models.defaultModel)
  const services: ActivityServices = {
    database,
    log: createPostgresEventLog(database, { onChannelError: onProblem }),
    history: createPostgresHistory(database),
    models,
    budgets,
    prompt: await loadSystemPrompt(config.models.systemPromptPath),
    tools: tools.offered,
    modelTools: new Map(tools.offered.list().map((tool) => [tool.name, toModelTool(tool)])),
    toolServices: {
      chain: (chainId) => chains.chain(chainId),
      compiler: () => compiler,
      now: () => new Date(),
      results: createResultReader(database),
      memory: { search: (wanted) => searchMemory(database, wanted) },
    },
    rules,
    messageSizes: createMessageSizes(),
    stops,
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
    async close() {
      chains.close()
      services.loopBreath.close()
      await services.history.flush()
      await stops.close()
    },
  }
}
