import { expect, test } from 'vitest'
import { z } from 'zod'

import { defineTool } from '../../src/toolkit/define-tool.ts'
import { toModelTool } from '../../src/toolkit/model-tool.ts'
import accountInfo from '../../src/tools/account-info.ts'

test('describes a tool as a language model is told of it', () => {
  const { name, description, parameters } = toModelTool(accountInfo)
  expect({ name, description }).toEqual({ name: 'account_info', description: accountInfo.description })
  expect(parameters).toEqual({
    type: 'object',
    properties: {
      address: {
        type: 'string',
        description: expect.stringContaining('0x and 40 hex digits'),
        pattern: '^0x[0-9a-fA-F]{40}$',
      },
      chainId: {
        type: 'integer',
        exclusiveMinimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: expect.stringContaining('Chain id'),
      },
    },
    required: ['address'],
    additionalProperties: false,
  })
})

test('behavior: a model is told that a tool runs in the background', () => {
  const base = { name: 'watch', title: () => 'Watches', description: 'Watches.', effect: 'read' as const }
  const tool = { ...base, uses: [], input: z.strictObject({}), output: z.unknown(), run: async () => 1 }
  expect(toModelTool(defineTool(tool)).description).toBe('Watches.')
  expect(toModelTool(defineTool({ ...tool, background: true })).description).toContain('in the background')
})
