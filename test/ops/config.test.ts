import { describe, expect, test } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { loadConfig, loadServiceConfig } from '../../src/ops/config.ts'

const here = import.meta.filename

describe('loadConfig', () => {
  test('an empty environment is a complete configuration', () => {
    expect(loadConfig({})).toMatchObject({
      server: { host: '127.0.0.1', port: 4040, allowedHosts: [], corsOrigins: [] },
      database: { url: undefined, poolSize: 10 },
      temporal: { address: undefined, namespace: 'default', tls: undefined },
      history: { kind: 'summary' },
      turn: { timeoutMs: 600_000 },
      permissions: { policy: 'allowReads', rulesPath: undefined, requestTtlMs: 259_200_000 },
      limits: { queuedMessages: 100, streamBufferEvents: 1_000, streamBufferBytes: 1_000_000 },
    })
  })

  test('reads what is set', () => {
    const config = loadConfig({
      PORT: '8080',
      PERDURA_ALLOWED_HOSTS: 'a.example, b.example',
      PERDURA_HISTORY_STRATEGY: 'slidingWindow',
      PERDURA_HISTORY_WINDOW: '3',
      PERDURA_TOKEN_TTL_DAYS: '2',
    })
    expect(config.server).toMatchObject({ port: 8080, allowedHosts: ['a.example', 'b.example'] })
    expect(config.history).toEqual({ kind: 'slidingWindow', window: 3 })
    expect(config.auth.tokenTtlMs).toBe(172_800_000)
  })

  test('reads permissions', () => {
    const env = {
      PERDURA_PERMISSIONS: 'denyAll',
      PERDURA_PERMISSION_RULES: here,
      PERDURA_REQUEST_TTL_SECONDS: '60',
    }
    expect(loadConfig(env).permissions).toEqual({
      policy: 'denyAll',
      rulesPath: here,
      requestTtlMs: 60_000,
    })
  })

  test('error: a request that would stay open for more than 30 days', () => {
    expect(messageOf({ PERDURA_REQUEST_TTL_SECONDS: '2592001' })).toContain('from 1 to 2592000')
  })

  test('behavior: strategies without a window have none', () => {
    expect(loadConfig({ PERDURA_HISTORY_STRATEGY: 'slidingWindow' }).history).toEqual({
      kind: 'slidingWindow',
      window: 40,
    })
    expect(loadConfig({ PERDURA_HISTORY_STRATEGY: 'full' }).history).toEqual({ kind: 'full' })
    expect(loadConfig({ PERDURA_HISTORY_STRATEGY: 'none' }).history).toEqual({ kind: 'none' })
  })

  test('behavior: an API key of Temporal Cloud switches TLS on, and TEMPORAL_TLS decides', () => {
    expect(loadConfig({ TEMPORAL_API_KEY: 'k' }).temporal.tls).toBeDefined()
    expect(loadConfig({ TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: 'false' }).temporal.tls).toBeUndefined()
    expect(loadConfig({ TEMPORAL_TLS: 'true' }).temporal.tls).toBeDefined()
  })

  test('error: all faults stand in one message, each with what to write', () => {
    const message = messageOf({ PORT: 'abc', PERDURA_MODEL_TRIES: '0', PERDURA_TOOLS: '/no/such' })
    expect(message).toContain('3 faults')
    expect(message).toContain('PORT is "abc". Write a whole number from 0 to 65535, for example PORT=4040.')
    expect(message).toContain('PERDURA_MODEL_TRIES is "0". Write a whole number from 1 to 100')
    expect(message).toContain('PERDURA_TOOLS is "/no/such". Write the path of a folder that exists')
  })

  test('error: a secret is never quoted', () => {
    const message = messageOf({ DATABASE_URL: 'mysql://user:hunter2@host/db', PERDURA_CHAINS: 'hunter2' })
    expect(message).toContain('DATABASE_URL has a value that does not fit')
    expect(message).not.toContain('hunter2')
  })

  test('error: a certificate without its key', () => {
    expect(messageOf({ TEMPORAL_TLS_CLIENT_CERT_PATH: here })).toContain(
      'TEMPORAL_TLS_CLIENT_KEY_PATH is not set',
    )
  })
})

describe('loadServiceConfig', () => {
  test('gives both addresses', () => {
    const config = loadServiceConfig({ DATABASE_URL: 'postgres://h/db', TEMPORAL_ADDRESS: 'h:7233' })
    expect(config.database.url).toBe('postgres://h/db')
    expect(config.temporal.address).toBe('h:7233')
  })

  test('error: missing addresses stand beside the other faults', () => {
    const message = messageOf({ PORT: '-1' }, loadServiceConfig)
    expect(message).toContain('3 faults')
    expect(message).toContain('DATABASE_URL is not set. Write the address of a server')
    expect(message).toContain('TEMPORAL_ADDRESS is not set')
  })
})

function messageOf(env: Record<string, string>, load: (env: Record<string, string>) => unknown = loadConfig) {
  try {
    load(env)
  } catch (error) {
    if (error instanceof AppError && error.code === 'configuration') return error.message
    throw error
  }
  throw new Error('The configuration was accepted.')
}
