import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { loadServiceConfig } from '../../src/ops/config.ts'
import { readTemporalOptions } from '../../src/temporal/temporal-options.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perdura-tls-'))
  for (const name of ['ca', 'crt', 'key']) writeFileSync(join(folder, name), name)
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a plain connection has an address only', async () => {
  expect(await options({})).toEqual({ address: 'h:7233' })
})

test('behavior: an API key comes with TLS', async () => {
  expect(await options({ TEMPORAL_API_KEY: 'k' })).toEqual({ address: 'h:7233', apiKey: 'k', tls: {} })
})

test('behavior: certificates are read', async () => {
  const settings = {
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'crt'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'key'),
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca'),
    TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
  }
  expect(await options(settings)).toEqual({
    address: 'h:7233',
    tls: {
      serverNameOverride: 'temporal.internal',
      serverRootCACertificate: Buffer.from('ca'),
      clientCertPair: { crt: Buffer.from('crt'), key: Buffer.from('key') },
    },
  })
})

function options(settings: Record<string, string>) {
  const env = { DATABASE_URL: 'postgres://h/db', TEMPORAL_ADDRESS: 'h:7233', ...settings }
  return readTemporalOptions(loadServiceConfig(env).temporal)
}
