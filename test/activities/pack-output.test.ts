import { expect, test } from 'vitest'
import { z } from 'zod'

import { packOutput } from '../../src/activities/pack-output.ts'
import { AppError } from '../../src/contracts/errors.ts'
import {
  inlineOutputLimitBytes,
  toolOutputLimitBytes,
  toolResultTextLimit,
} from '../../src/contracts/limits.ts'
import { defineTool } from '../../src/toolkit/define-tool.ts'
import type { Tool } from '../../src/toolkit/tool.ts'

function toolWith(output: z.ZodType): Tool {
  return defineTool({
    name: 'packed',
    title: () => 'Packed',
    description: 'For tests.',
    effect: 'read',
    uses: [],
    input: z.strictObject({}),
    output,
    run: async () => null,
  })
}
const ofText = toolWith(z.object({ text: z.string() }))
const codeOf = (pack: () => unknown): unknown => {
  try {
    return pack()
  } catch (error) {
    return error instanceof AppError ? error.code : error
  }
}

test('keeps a small output as it is, with its JSON', () => {
  expect(packOutput(ofText, { text: 'a', more: 1 })).toEqual({
    kind: 'small',
    output: { text: 'a' },
    text: '{"text":"a"}',
  })
  expect(packOutput(toolWith(z.string()), 'plain')).toEqual({ kind: 'small', output: 'plain', text: 'plain' })
})

test('behavior: holds a large one as bytes, with the beginning that the model is given', () => {
  const output = { text: '🦊'.repeat(inlineOutputLimitBytes) }
  const packed = packOutput(ofText, output)
  if (packed.kind !== 'large') throw new Error('It is small.')
  const json = JSON.stringify(output)
  expect(packed.utf8.toString()).toBe(json)
  expect(packed.totalChars).toBe(json.length)
  // The limit falls between the two units of a fox.
  expect(packed.beginning).toBe(json.slice(0, toolResultTextLimit - 1))
  expect(packed.isPlainText).toBe(false)
})

test('behavior: what PostgreSQL cannot hold is replaced', () => {
  expect(packOutput(ofText, { text: 'a\0b\ud800' })).toMatchObject({
    text: String.raw`{"text":"a\ufffdb\ufffd"}`,
  })
  const packed = packOutput(toolWith(z.string()), '\0\ud800'.repeat(inlineOutputLimitBytes))
  expect(packed).toMatchObject({
    kind: 'large',
    isPlainText: true,
    beginning: expect.stringMatching(/^\uFFFD+$/),
  })
})

test('error: an output above the cap, by its name and with what to do', () => {
  const pack = (length: number) => packOutput(ofText, { text: 'x'.repeat(length) })
  const frame = '{"text":""}'.length
  expect(pack(toolOutputLimitBytes - frame)).toMatchObject({ kind: 'large' })
  expect(() => pack(toolOutputLimitBytes - frame + 1)).toThrow(
    `The result of packed has ${toolOutputLimitBytes + 1} bytes; at most ${toolOutputLimitBytes} are kept. Ask for less`,
  )
  expect(codeOf(() => pack(toolOutputLimitBytes))).toBe('result_too_large')
})

test('error: an output that is not what the tool declares, or no JSON', () => {
  expect(codeOf(() => packOutput(ofText, { text: 1 }))).toBe('tool_output_invalid')
  expect(codeOf(() => packOutput(toolWith(z.any()), { big: 1n }))).toBe('tool_output_invalid')
})
