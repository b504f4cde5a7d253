import { describe, expect, it } from 'vitest'

import type { ToolCallDelta } from '../../src/models/reply-chunk.ts'
import { createToolCallAssembler } from '../../src/models/tool-call-assembler.ts'

function assemble(...deltas: (Omit<ToolCallDelta, 'function'> & { name?: string; args?: unknown })[]) {
  const assembler = createToolCallAssembler()
  for (const { name, args, ...delta } of deltas)
    assembler.add({ ...delta, function: { name, arguments: args } })
  return assembler.calls()
}

describe('createToolCallAssembler', () => {
  it('joins the pieces of parallel calls by index', () => {
    const calls = assemble(
      { index: 0, id: 'a', name: 'one', args: '' },
      { index: 1, id: 'b', name: 'two', args: '{"x"' },
      { index: 0, args: '{"y":1}' },
      { index: 1, args: ':2}' },
    )
    expect(calls).toEqual([
      { id: 'a', name: 'one', arguments: '{"y":1}' },
      { id: 'b', name: 'two', arguments: '{"x":2}' },
    ])
  })

  it('behavior: repeated and missing ids become unique', () => {
    const calls = assemble(
      { index: 0, id: 'call_0', name: 'a', args: '{}' },
      { index: 1, id: 'call_0', name: 'b', args: '{}' },
      { index: 2, name: 'c', args: '{}' },
    )
    expect(calls.map(({ id }) => id)).toEqual(['call_0', 'call_0_1', 'call_2'])
  })

  it('behavior: parallel calls that all have index 0 stay apart', () => {
    const byId = assemble(
      { index: 0, id: 'a', name: 'x', args: '{}' },
      { index: 0, id: 'b', name: 'x', args: '{}' },
    )
    const byArguments = assemble(
      { index: 0, name: 'x', args: '{"a":1}' },
      { index: 0, name: 'x', args: '{"a":2}' },
    )
    expect(byId).toHaveLength(2)
    expect(byArguments.map((call) => call.arguments)).toEqual(['{"a":1}', '{"a":2}'])
  })

  it('behavior: pieces without an index belong to the last call that was begun', () => {
    const calls = assemble(
      { id: 'a', name: 'x', args: '{"a"' },
      { args: ':1}' },
      { id: 'b', name: 'y', args: '{}' },
    )
    expect(calls.map((call) => call.arguments)).toEqual(['{"a":1}', '{}'])
  })

  it('behavior: a name or an id that comes with each piece is taken once', () => {
    const calls = assemble(
      { index: 0, id: 'a', name: 'x', args: '{"a"' },
      { index: 0, id: 'a', name: 'x', args: ':1}' },
    )
    expect(calls).toEqual([{ id: 'a', name: 'x', arguments: '{"a":1}' }])
  })

  it('behavior: arguments may be an object or left out', () => {
    const calls = assemble({ index: 0, name: 'x', args: { a: 1 } }, { index: 1, name: 'y' })
    expect(calls.map((call) => call.arguments)).toEqual(['{"a":1}', '{}'])
  })

  it('behavior: passes all calls on, however many', () => {
    expect(
      assemble(...Array.from({ length: 100 }, (_, index) => ({ index, name: 'x', args: '{}' }))),
    ).toHaveLength(100)
  })
})
