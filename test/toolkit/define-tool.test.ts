import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { defineTool } from '../../src/toolkit/define-tool.ts'
import { step } from '../../src/toolkit/step.ts'
import { toolContext } from '../tools/tool-context.ts'

const common = {
  description: 'Counts.',
  effect: 'compute',
  uses: [],
  input: z.strictObject({ text: z.string() }),
  output: z.object({ length: z.int() }),
} as const

test('makes a tool with one run, whose input has the type of its schema', async () => {
  const tool = defineTool({
    ...common,
    name: 'count',
    title: ({ text }) => `Count ${text.toUpperCase()}`,
    run: async ({ text }) => ({ length: text.length }),
  })
  expect(tool.kind).toBe('single')
  expect(tool.title({ text: 'abc' })).toBe('Count ABC')
  await expect(tool.run({ text: 'abc' }, toolContext())).resolves.toEqual({ length: 3 })
})

describe('a tool of steps', () => {
  const tool = defineTool({
    ...common,
    name: 'count_twice',
    title: () => 'Count twice',
    steps: {
      first: step({ timeoutMs: 1_000, run: async ({ text }) => text.length }),
      second: step({
        needs: { first: z.int() },
        tries: 1,
        run: async ({ text }, _context, { first }) => first + text.length,
      }),
    },
    result: ({ second }) => ({ length: second }),
  })

  test('keeps its steps in order, with their limits', () => {
    expect(tool.kind).toBe('stepped')
    expect(Object.keys(tool.steps)).toEqual(['first', 'second'])
    expect(tool.steps['first']).toMatchObject({ timeoutMs: 1_000 })
    expect(tool.steps['second']).toMatchObject({ tries: 1 })
  })

  test('gives a step what the earlier ones returned', async () => {
    await expect(tool.steps['second']?.run({ text: 'abc' }, toolContext(), { first: 3 })).resolves.toBe(6)
  })

  test('error: an earlier output of another shape stops the step', async () => {
    await expect(tool.steps['second']?.run({ text: 'abc' }, toolContext(), { first: 'x' })).rejects.toThrow(
      'expected number',
    )
  })
})
