import type { HistoryStrategy } from '../contracts/conversation.ts'
import type { BudgetLimit } from '../contracts/usage.ts'
import type { ConfigValues } from './config-schema.ts'
import type { Config, TemporalConfig } from './config.ts'

const dayMs = 86_400_000

/** Sorts parsed variables into the parts of the configuration. */
export function toConfig(values: ConfigValues): Config {
  return {
    server: {
      host: values.HOST,
      port: values.PORT,
      allowedHosts: values.PERDURA_ALLOWED_HOSTS ?? [],
      corsOrigins: values.PERDURA_CORS_ORIGINS ?? [],
    },
    database: { url: values.DATABASE_URL, poolSize: values.PERDURA_DATABASE_POOL },
    temporal: toTemporalConfig(values),
    models: {
      default: values.PERDURA_MODEL,
      systemPromptPath: values.PERDURA_SYSTEM_PROMPT,
      maxOutputTokens: values.PERDURA_MAX_OUTPUT_TOKENS,
      timeoutMs: values.PERDURA_MODEL_TIMEOUT_MS,
      idleTimeoutMs: values.PERDURA_MODEL_IDLE_TIMEOUT_MS,
      tries: values.PERDURA_MODEL_TRIES,
    },
    chains: {
      chains: values.PERDURA_CHAINS,
      namedAccounts: values.PERDURA_NAMED_ACCOUNTS,
      tokens: values.PERDURA_TOKENS,
    },
    services: {
      http: values.PERDURA_SERVICES ?? [],
      headers: values.PERDURA_SERVICE_HEADERS ?? [],
      limits: values.PERDURA_SERVICE_LIMITS ?? [],
      failureLimit: values.PERDURA_SERVICE_FAILURES,
    },
    adminKey: values.PERDURA_ADMIN_KEY,
    tools: {
      folder: values.PERDURA_TOOLS,
      env: values.PERDURA_TOOL_ENV ?? [],
      timeoutMs: values.PERDURA_TOOL_TIMEOUT_MS,
      tries: values.PERDURA_TOOL_TRIES,
    },
    permissions: {
      policy: values.PERDURA_PERMISSIONS,
      rulesPath: values.PERDURA_PERMISSION_RULES,
      requestTtlMs: values.PERDURA_REQUEST_TTL_SECONDS * 1_000,
    },
    history: toHistoryStrategy(values),
    turn: { timeoutMs: values.PERDURA_TURN_TIMEOUT_MS },
    worker: {
      activitySlots: values.PERDURA_WORKER_SLOTS,
      modelSlots: values.PERDURA_MODEL_SLOTS,
      toolSlots: values.PERDURA_TOOL_SLOTS,
      toolMemoryMb: values.PERDURA_TOOL_MEMORY_MB,
      backgroundSlots: values.PERDURA_BACKGROUND_SLOTS,
      workflowSlots: values.PERDURA_WORKFLOW_SLOTS,
      cachedWorkflows: values.PERDURA_CACHED_WORKFLOWS,
      bundlePath: values.PERDURA_WORKFLOW_BUNDLE,
      healthPort: values.PERDURA_HEALTH_PORT,
    },
    limits: {
      queuedMessages: values.PERDURA_QUEUE_LIMIT,
      requestsPerMinute: values.PERDURA_REQUESTS_PER_MINUTE,
      openTurns: values.PERDURA_OPEN_TURN_LIMIT,
      backgroundCalls: values.PERDURA_BACKGROUND_CALL_LIMIT,
      conversationsPerGuest: values.PERDURA_GUEST_CONVERSATION_LIMIT,
      streamsPerOwner: values.PERDURA_STREAM_LIMIT,
      streamBufferEvents: values.PERDURA_STREAM_BUFFER_EVENTS,
      streamBufferBytes: values.PERDURA_STREAM_BUFFER_BYTES,
      guestLoginsPerMinute: values.PERDURA_GUEST_LOGINS_PER_MINUTE,
    },
    budgets: toBudgetConfig(values),
    retention: {
      // 0: for ever.
      events: values.PERDURA_KEEP_EVENTS || undefined,
      eventDays: values.PERDURA_KEEP_EVENT_DAYS || undefined,
      requestDays: values.PERDURA_KEEP_REQUEST_DAYS || undefined,
      resultDays: values.PERDURA_KEEP_RESULT_DAYS || undefined,
      runs: values.PERDURA_KEEP_RUNS || undefined,
    },
    sweepRestMs: values.PERDURA_SWEEP_SECONDS * 1_000,
    auth: { tokenTtlMs: values.PERDURA_TOKEN_TTL_DAYS * dayMs },
    log: { level: values.PERDURA_LOG_LEVEL },
  }
}

function toHistoryStrategy(values: ConfigValues): HistoryStrategy {
  const kind = values.PERDURA_HISTORY_STRATEGY
  return kind === 'slidingWindow' ? { kind, window: values.PERDURA_HISTORY_WINDOW } : { kind }
}

function toBudgetConfig(values: ConfigValues): Config['budgets'] {
  const toLimit = (tokens: number | undefined, cost: bigint | undefined): BudgetLimit => ({
    ...(tokens === undefined ? {} : { tokens }),
    ...(cost === undefined ? {} : { cost }),
  })
  return {
    prices: values.PERDURA_PRICES ?? [],
    limits: {
      turn: toLimit(values.PERDURA_TURN_BUDGET_TOKENS, values.PERDURA_TURN_BUDGET_USD),
      day: toLimit(values.PERDURA_DAY_BUDGET_TOKENS, values.PERDURA_DAY_BUDGET_USD),
      owner: toLimit(values.PERDURA_OWNER_BUDGET_TOKENS, values.PERDURA_OWNER_BUDGET_USD),
    },
  }
}

function toTemporalConfig(values: ConfigValues): TemporalConfig {
  const tls = {
    serverName: values.TEMPORAL_TLS_SERVER_NAME,
    clientCertPath: values.TEMPORAL_TLS_CLIENT_CERT_PATH,
    clientKeyPath: values.TEMPORAL_TLS_CLIENT_KEY_PATH,
    serverCaCertPath: values.TEMPORAL_TLS_SERVER_CA_CERT_PATH,
  }
  const implied = [values.TEMPORAL_API_KEY, ...Object.values(tls)].some((value) => value !== undefined)
  return {
    address: values.TEMPORAL_ADDRESS,
    namespace: values.TEMPORAL_NAMESPACE,
    taskQueue: values.PERDURA_TASK_QUEUE,
    apiKey: values.TEMPORAL_API_KEY,
    tls: (values.TEMPORAL_TLS ?? implied) ? tls : undefined,
  }
}
