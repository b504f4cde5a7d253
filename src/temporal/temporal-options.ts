import { readFile } from 'node:fs/promises'

import type { TemporalConfig, TemporalTlsConfig } from '../ops/config.ts'

/** Options that both the client's and the worker's `connect` understand. */
export type TemporalOptions = { address: string; apiKey?: string; tls?: TemporalTls }

export type TemporalTls = {
  serverNameOverride?: string
  serverRootCACertificate?: Buffer
  clientCertPair?: { crt: Buffer; key: Buffer }
}

/**
 * For the connections of clients: after an outage they find the server within a second. The default pauses
 * grow to two minutes, and every call in a pause fails although the server is back.
 */
export const reconnectSoon = {
  channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1_000 },
}

/** Makes connection options of the configuration, reading the certificates it names. */
export async function readTemporalOptions(
  config: TemporalConfig & { address: string },
): Promise<TemporalOptions> {
  return {
    address: config.address,
    ...(config.apiKey === undefined ? {} : { apiKey: config.apiKey }),
    ...(config.tls === undefined ? {} : { tls: await readTls(config.tls) }),
  }
}

async function readTls(config: TemporalTlsConfig): Promise<TemporalTls> {
  const [authority, crt, key] = await Promise.all([
    readOptional(config.serverCaCertPath),
    readOptional(config.clientCertPath),
    readOptional(config.clientKeyPath),
  ])
  return {
    ...(config.serverName === undefined ? {} : { serverNameOverride: config.serverName }),
    ...(authority === undefined ? {} : { serverRootCACertificate: authority }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
  }
}

async function readOptional(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readFile(path)
}
