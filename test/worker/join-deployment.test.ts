import { randomBytes } from 'node:crypto'

import { Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createLogger } from '../../src/ops/logger.ts'
import { openDeploymentRouting } from '../../src/worker/deployment-routing.ts'
import { joinDeployment } from '../../src/worker/join-deployment.ts'
import { startOwnTemporal } from '../support/own-servers.ts'
import { temporalAddress } from '../support/servers.ts'

const namespace = 'default'
const logger = createLogger({ level: 'silent', part: 'worker' })

let connection: Connection
beforeAll(async () => {
  connection = await Connection.connect({ address: await temporalAddress() })
})
afterAll(() => connection.close())

type Deployment = {
  /** A worker of that build joins. Returns whether it runs with a version. */
  join(buildId: string): Promise<boolean>
  /** Builds that have workers. */
  living: Set<string>
  current(): Promise<string | undefined>
}

function openDeployment(on: Connection = connection): Deployment & { name: string } {
  const name = `test-${randomBytes(6).toString('hex')}`
  const living = new Set<string>()
  const routingOf = (buildId: string) =>
    openDeploymentRouting({
      connection: on,
      namespace,
      taskQueue: name,
      version: { deploymentName: name, buildId },
      identity: buildId,
    })
  return {
    name,
    living,
    join(buildId) {
      living.add(buildId)
      return joinDeployment({
        routing: routingOf(buildId),
        isLiving: async (asked) => living.has(asked),
        logger,
      })
    },
    current: async () => (await routingOf('nobody').read()).currentBuildId,
  }
}

test('a new build takes the work over when its first worker starts', async () => {
  const { join, current } = openDeployment()
  expect(await join('a')).toBe(true)
  expect(await current()).toBe('a')
  expect(await join('b')).toBe(true)
  expect(await current()).toBe('b')
})

test('behavior: workers of a new build may start at the same time', async () => {
  const { join, current } = openDeployment()
  expect(await Promise.all(['a', 'a', 'a'].map(join))).toEqual([true, true, true])
  expect(await Promise.all(['b', 'b', 'b'].map(join))).toEqual([true, true, true])
  expect(await current()).toBe('b')
})

test('behavior: a build that had the work stands by while the current one has workers', async () => {
  const { join, current } = openDeployment()
  await join('a')
  await join('b')
  expect(await join('a')).toBe(true)
  expect(await current()).toBe('b')
})

test('behavior: a build that had the work takes it back when the current one has no workers', async () => {
  const { join, living, current } = openDeployment()
  await join('a')
  await join('b')
  living.delete('b')
  expect(await join('a')).toBe(true)
  expect(await current()).toBe('a')
})

test('behavior: a deployment that somebody else manages is left to them', async () => {
  const { name, join, current } = openDeployment()
  await join('a')
  await connection.workflowService.setWorkerDeploymentManager({
    namespace,
    deploymentName: name,
    managerIdentity: 'operator',
    identity: 'operator',
  })
  expect(await join('b')).toBe(true)
  expect(await current()).toBe('a')
})

test.each([
  ['has deployments switched off', { 'system.enableDeploymentVersions': false }],
  ['has as many deployments as it allows', { 'matching.maxDeployments': 0 }],
])('error: where the server %s, workers run without a version', async (_, settings) => {
  const server = await startOwnTemporal(settings)
  const own = await Connection.connect({ address: server.address })
  expect(await openDeployment(own).join('a')).toBe(false)
  await own.close()
  await server.close()
})
