import { expect, test } from 'vitest'

import { toDeploymentVersion } from '../../src/worker/deployment-version.ts'

const parts = { taskQueue: 'perdura', packageVersion: '1.2.3', workflowCode: 'exports.conversation = 1' }

function nameOf(taskQueue: string): string {
  return toDeploymentVersion({ ...parts, taskQueue }).deploymentName
}

test('the same release with the same workflow code is the same build', () => {
  expect(toDeploymentVersion({ ...parts })).toEqual(toDeploymentVersion({ ...parts }))
  expect(toDeploymentVersion(parts)).toEqual({
    deploymentName: 'perdura',
    buildId: expect.stringMatching(/^1\.2\.3-[0-9a-f]{12}$/),
  })
})

test('edited workflow code and another release are other builds', () => {
  const { buildId } = toDeploymentVersion(parts)
  expect(toDeploymentVersion({ ...parts, workflowCode: 'exports.conversation = 2' }).buildId).not.toBe(
    buildId,
  )
  expect(toDeploymentVersion({ ...parts, packageVersion: '1.2.4' }).buildId).not.toBe(buildId)
})

test('behavior: any task queue has a name that Temporal accepts, and one of its own', () => {
  const queues = ['a.b', 'a:b', 'a/b', '__a', '-_a', 'über', 'ü', 'x'.repeat(1_000), 'x'.repeat(999)]
  const names = queues.map(nameOf)
  for (const name of names) expect(name).toMatch(/^(?!__)[\w-]{1,100}$/)
  expect(new Set(names).size).toBe(queues.length)
})
