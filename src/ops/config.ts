import type { HistoryStrategy } from '../contracts/conversation.ts'
import type { PermissionPolicy } from '../contracts/permission.ts'
import type { Budgets, ModelPrice } from '../contracts/usage.ts'
import { findCrossFaults, toConfigError, toFaults, toMissingFault } from './config-faults.ts'
import { configSchema } from './config-schema.ts'
import { readEnvironment } from './read-environment.ts'
import type { Environment } from './read-environment.ts'
import { toConfig } from './to-config.ts'
import type { HttpServiceConfig, ServiceHeader, ServiceLimit } from './variables/outside.ts'

/** Everything an operator can set. Main files load it once and give parts their values, never the whole. */
export type Config = {
  readonly server: { host: string; port: number; allowedHosts: string[]; corsOrigins: string[] }
  /** No URL: the launcher brings a server. */
  readonly database: { url: string | undefined; poolSize: number }
  readonly temporal: TemporalConfig
  readonly models: {
    /** `provider/model`, or a name of the default provider. */
    default: string | undefined
    systemPromptPath: string | undefined
    maxOutputTokens: number | undefined
    timeoutMs: number
    idleTimeoutMs: number
    tries: number
  }
  /** Texts that the chain registry parses. */
  readonly chains: {
    chains: string | undefined
    namedAccounts: string | undefined
    tokens: string | undefined
  }
  readonly services: {
    /** What tools may ask over HTTP, and the headers that this takes. */
    http: HttpServiceConfig[]
    headers: ServiceHeader[]
    limits: ServiceLimit[]
    /** Failures in a row after which a service counts as down. */
    failureLimit: number
  }
  /** Undefined: there are no routes for operators. */
  readonly adminKey: string | undefined
  readonly tools: {
    folder: string | undefined
    /** Names of the variables that tools are given. */
    env: readonly string[]
    timeoutMs: number
    tries: number
  }
  readonly permissions: {
    /** Of conversations that choose none themselves. */
    policy: PermissionPolicy
    /** The operator's rules; `loadPermissionRules` reads them. */
    rulesPath: string | undefined
    /** How long a permission or a question stays open. */
    requestTtlMs: number
  }
  /** Of conversations that choose none themselves. */
  readonly history: HistoryStrategy
  readonly turn: { timeoutMs: number }
  readonly worker: {
    activitySlots: number
    /** Of each provider. */
    modelSlots: number
    toolSlots: number
    toolMemoryMb: number
    backgroundSlots: number
    workflowSlots: number
    cachedWorkflows: number
    bundlePath: string | undefined
    healthPort: number | undefined
  }
  readonly limits: {
    queuedMessages: number
    requestsPerMinute: number
    openTurns: number
    backgroundCalls: number
    conversationsPerGuest: number
    streamsPerOwner: number
    streamBufferEvents: number
    streamBufferBytes: number
    guestLoginsPerMinute: number
  }
  readonly budgets: {
    /** By `provider/model`, or a name that one provider has. */
    prices: ({ model: string } & ModelPrice)[]
    limits: Budgets['limits']
  }
  /** How long what can be done without is kept. Undefined: for ever. */
  readonly retention: {
    events: number | undefined
    eventDays: number | undefined
    requestDays: number | undefined
    resultDays: number | undefined
    runs: number | undefined
  }
  readonly sweepRestMs: number
  readonly auth: { tokenTtlMs: number }
  readonly log: { level: LogLevel }
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** How to reach Temporal; `readTemporalOptions` reads the files of `tls`. */
export type TemporalConfig = {
  /** host:port; none: the launcher brings a server. */
  address: string | undefined
  namespace: string
  taskQueue: string
  apiKey: string | undefined
  /** None: a plain connection. */
  tls: TemporalTlsConfig | undefined
}

export type TemporalTlsConfig = {
  serverName: string | undefined
  clientCertPath: string | undefined
  clientKeyPath: string | undefined
  serverCaCertPath: string | undefined
}

/** The configuration of a process that needs both servers: an api or a worker. */
export type ServiceConfig = Config & {
  readonly database: { url: string }
  readonly temporal: { address: string }
}

/**
 * Parses the environment for a process that can do without servers' addresses, as the launcher.
 * @throws AppError `configuration`, naming every fault with what to write instead
 */
export function loadConfig(env: Environment = readEnvironment()): Config {
  const parsed = configSchema.safeParse(env)
  const faults = [...toFaults(parsed.error?.issues ?? [], env), ...findCrossFaults(env)]
  if (!parsed.success || faults.length > 0) throw toConfigError(faults)
  return toConfig(parsed.data)
}

/**
 * Parses the environment for an api or a worker: the addresses of PostgreSQL and Temporal must be there.
 * @throws AppError `configuration`, naming every fault with what to write instead
 */
export function loadServiceConfig(env: Environment = readEnvironment()): ServiceConfig {
  const parsed = configSchema.safeParse(env)
  const { DATABASE_URL: url, TEMPORAL_ADDRESS: address } = env
  const faults = [...toFaults(parsed.error?.issues ?? [], env), ...findCrossFaults(env)]
  if (url === undefined) faults.push(toMissingFault('DATABASE_URL'))
  if (address === undefined) faults.push(toMissingFault('TEMPORAL_ADDRESS'))
  if (!parsed.success || url === undefined || address === undefined || faults.length > 0) {
    throw toConfigError(faults)
  }
  const config = toConfig(parsed.data)
  return { ...config, database: { ...config.database, url }, temporal: { ...config.temporal, address } }
}
