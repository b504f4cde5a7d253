import { once } from 'node:events'
import { type Server, createServer } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { findAnyPort, findFreePort, isPortFree } from '../../../dev/process/ports.ts'
import { reservePort } from '../../../dev/process/reserved-port.ts'

const servers: Server[] = []

afterEach(() => servers.splice(0).forEach((server) => server.close()))

async function listen(port: number, host: string): Promise<void> {
  const server = createServer().listen(port, host)
  servers.push(server)
  await once(server, 'listening')
}

test('default: the preferred port is taken when it is free', async () => {
  const port = await findAnyPort()
  expect(await findFreePort(port)).toBe(port)
})

test.each(['127.0.0.1', '::1', '0.0.0.0'])('behavior: a port in use on %s is not free', async (host) => {
  const port = await findAnyPort()
  await listen(port, host)
  expect(await isPortFree(port)).toBe(false)
  expect(await findFreePort(port)).toBeGreaterThan(port)
})

test('behavior: a reserved port is kept from others until it is claimed', async () => {
  const reserved = await reservePort(await findAnyPort())
  expect(await isPortFree(reserved.port)).toBe(false)
  await reserved.claim()
  expect(await isPortFree(reserved.port)).toBe(true)
})

test('behavior: two that want the same port get different ones', async () => {
  const port = await findAnyPort()
  const both = await Promise.all([reservePort(port), reservePort(port)])
  expect(new Set(both.map((reserved) => reserved.port)).size).toBe(2)
  await Promise.all(both.map((reserved) => reserved.claim()))
})
