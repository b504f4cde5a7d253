import { describe, expect, it } from 'vitest'

import { createThinkSplitter } from '../../src/models/think-splitter.ts'

function split(...pieces: string[]) {
  const splitter = createThinkSplitter()
  const parts = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
  const join = (type: string) => parts.map((part) => (part.type === type ? part.delta : '')).join('')
  return { reasoning: join('reasoning'), text: join('text'), parts }
}

describe('createThinkSplitter', () => {
  it('splits a leading block from the answer, without the lines between', () => {
    expect(split('<think>Two and two.</think>\n\nFour.')).toMatchObject({
      reasoning: 'Two and two.',
      text: 'Four.',
    })
  })

  it('gives the same however the stream is cut', () => {
    const whole = '\n<think>a < b </thin> c</think>\n\nAnswer <think>kept</think>'
    for (let size = 1; size <= whole.length; size++) {
      const pieces = whole.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
      expect(split(...pieces)).toMatchObject({
        reasoning: 'a < b </thin> c',
        text: 'Answer <think>kept</think>',
      })
    }
  })

  it('behavior: text passes at once when no block can come any more', () => {
    const splitter = createThinkSplitter()
    expect(splitter.push('H')).toEqual([{ type: 'text', delta: 'H' }])
    expect(splitter.push('<think>')).toEqual([{ type: 'text', delta: '<think>' }])
  })

  it('behavior: reasoning passes before its block ends', () => {
    expect(createThinkSplitter().push('<think>so far')).toEqual([{ type: 'reasoning', delta: 'so far' }])
  })

  it('behavior: a block that never ends is reasoning, and a beginning of a tag is text', () => {
    expect(split('<think>cut off')).toMatchObject({ reasoning: 'cut off', text: '' })
    expect(split(' <thi')).toMatchObject({ reasoning: '', text: ' <thi' })
  })
})
