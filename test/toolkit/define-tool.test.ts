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

test('a tool that asks a person makes a form of its input, and has nothing to run', () => {
  const tool = defineTool({
    ...common,
    name: 'choose_text',
    title: () => 'Choose a text',
    output: z.object({ answers: z.record(z.string(), z.string()) }),
    form: ({ text }) => ({
      title: 'A text',
      questions: [{ id: 'text', label: text.trim(), kind: 'text', required: true, maxLength: 10 }],
    }),
  })
  expect(tool.kind).toBe('asking')
  expect(tool.form({ text: ' Which? ' }).questions).toMatchObject([{ label: 'Which?' }])
  expect(tool).not.toHaveProperty('run')
})

test('a tool says what its calls are directed at, in the type of its input', () => {
  const tool = defineTool({
    ...common,
    name: 'count_at',
    title: () => 'Count',
    targets: ({ text }, { chainId }) => ({ chainId: chainId + 1, domains: [text.toLowerCase()] }),
    run: async () => ({ length: 0 }),
  })
  expect(tool.targets?.({ text: 'A.example' }, { chainId: 1 })).toEqual({
    chainId: 2,
    domains: ['a.example'],
  })
})
