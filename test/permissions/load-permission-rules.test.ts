import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { parseAddress } from '../../src/chain/parse.ts'
import { loadPermissionRules } from '../../src/permissions/load-permission-rules.ts'
import { createTestDir } from '../support/servers.ts'

const checks = { toolNames: [], parseAddress }

test('reads the rules of a file', async () => {
  const path = join(await createTestDir('rules'), 'rules.json')
  const rule = { name: 'no-signing', match: { effects: ['sign'] }, decision: 'deny', reason: 'Not here.' }
  await writeFile(path, JSON.stringify([rule]))
  await expect(loadPermissionRules(path, checks)).resolves.toEqual([rule])
})

test('behavior: without a file there are none', async () => {
  await expect(loadPermissionRules(undefined, checks)).resolves.toEqual([])
})

test('error: a file that cannot be read', async () => {
  await expect(loadPermissionRules('/nowhere/rules.json', checks)).rejects.toMatchObject({
    code: 'permission_rules_invalid',
    message: expect.stringContaining('/nowhere/rules.json cannot be read. Correct PERDURA_PERMISSION_RULES'),
  })
})
