import { expect, test } from 'vitest'

import { toolResultTextLimit } from '../../src/contracts/limits.ts'
import readResult from '../../src/tools/read-result.ts'
import type { ResultPort } from '../../src/toolkit/tool-services.ts'
import { parseInput } from '../../src/toolkit/parse-input.ts'
import { noServices, toolContext } from './tool-context.ts'

/** Runs it over one text, and notes what was asked of the store. */
function over(text: string) {
  const asked: unknown[] = []
  const results: ResultPort = {
    async read(call, { offset, limit }) {
      asked.push(call)
      const part = text.slice(offset, offset + limit)
      const end = offset + part.length
      return { text: part, offset, nextOffset: end < text.length ? end : null, totalChars: text.length }
    },
    async find(call, search) {
      asked.push(call, search)
      return { matches: [{ offset: 5, context: 'around' }], nextOffset: 9, totalChars: text.length }
    },
  }
  const context = toolContext({ services: { ...noServices, results } })
  return {
    asked,
    async run(input: object): Promise<unknown> {
      const parsed = parseInput(readResult, JSON.stringify(input))
      if (!parsed.ok) throw new Error(parsed.error.message)
      return readResult.output.parse(
        await readResult.run(input as Parameters<typeof readResult.run>[0], context),
      )
    },
  }
}

test('reads a part of a result of its own conversation', async () => {
  const { asked, run } = over('0123456789')
  expect(await run({ callId: 't1.r0.c0', offset: 2, limit: 3 })).toEqual({
    offset: 2,
    nextOffset: 5,
    totalChars: 10,
    untrusted_text: '234',
  })
  await run({ callId: 'c1.t1.r0.c0' })
  await run({ callId: 'c2.t1.r0.c0' })
  // Whatever it is given stays inside the conversation.
  expect(asked).toEqual([
    { conversationId: 'c1', callId: 'c1.t1.r0.c0' },
    { conversationId: 'c1', callId: 'c1.t1.r0.c0' },
    { conversationId: 'c1', callId: 'c1.c2.t1.r0.c0' },
  ])
})

test('finds a text', async () => {
  const { asked, run } = over('0123456789')
  expect(await run({ callId: 't1.r0.c0', find: '5', offset: 1 })).toEqual({
    nextOffset: 9,
    totalChars: 10,
    matches: [{ offset: 5, untrusted_context: 'around' }],
  })
  expect(asked[1]).toMatchObject({ text: '5', offset: 1 })
})

test('behavior: its own result is never cut, whatever characters it is made of', async () => {
  for (const text of ['"', '\\', '\u0001', '🦊', 'é\n"'].map((unit) => unit.repeat(30_000))) {
    const { run } = over(text)
    let read = ''
    for (let offset: number | null = 0; offset !== null && read.length < 40_000;) {
      const output = (await run({ callId: 't1.r0.c0', offset })) as {
        nextOffset: number | null
        untrusted_text: string
      }
      expect(JSON.stringify(output).length).toBeLessThan(toolResultTextLimit)
      expect(output.untrusted_text.isWellFormed()).toBe(true)
      read += output.untrusted_text
      offset = output.nextOffset
    }
    expect(text.startsWith(read)).toBe(true)
    expect(read.length).toBeGreaterThanOrEqual(Math.min(text.length, 40_000))
  }
})

test('error: wrong arguments are told with what to write', async () => {
  await expect(over('').run({ callId: 't1.r0.c0', limit: 1_000_000 })).rejects.toThrow('limit')
  await expect(over('').run({ callId: 't1.r0.c0', find: '' })).rejects.toThrow('find')
})
