/** Splits a leading `<think>…</think>` block, as many open models write it, from the answer. */

const opening = '<think>'
const closing = '</think>'

export type SplitText = { type: 'text' | 'reasoning'; delta: string }

export interface ThinkSplitter {
  /** Takes the next piece of the stream; the tags may be cut anywhere. */
  push(delta: string): SplitText[]
  /** Gives back what was held while a tag might still have come. */
  end(): SplitText[]
}

/** Creates a splitter for one reply. Only a block at the very start is reasoning; later tags are text. */
export function createThinkSplitter(): ThinkSplitter {
  let state: 'start' | 'thinking' | 'gap' | 'text' = 'start'
  let held = ''

  function start(): SplitText[] {
    const begin = held.trimStart()
    if (begin.length < opening.length && opening.startsWith(begin)) return []
    state = begin.startsWith(opening) ? 'thinking' : 'text'
    if (state === 'text') return take('text', held)
    held = begin.slice(opening.length)
    return thinking()
  }

  function thinking(): SplitText[] {
    const end = held.indexOf(closing)
    if (end >= 0) {
      const thought = held.slice(0, end)
      state = 'gap'
      held = held.slice(end + closing.length)
      return [...part('reasoning', thought), ...gap()]
    }
    const safe = held.length - overlap(held, closing)
    const thought = held.slice(0, safe)
    held = held.slice(safe)
    return part('reasoning', thought)
  }

  // The blank lines between the block and the answer belong to neither.
  function gap(): SplitText[] {
    held = held.trimStart()
    if (held === '') return []
    state = 'text'
    return take('text', held)
  }

  function take(type: SplitText['type'], text: string): SplitText[] {
    held = ''
    return part(type, text)
  }

  return {
    push(delta) {
      if (state === 'text') return part('text', delta)
      held += delta
      if (state === 'start') return start()
      return state === 'thinking' ? thinking() : gap()
    },
    end: () => (state === 'gap' ? [] : take(state === 'thinking' ? 'reasoning' : 'text', held)),
  }
}

function part(type: SplitText['type'], delta: string): SplitText[] {
  return delta === '' ? [] : [{ type, delta }]
}

/** Length of the longest end of `text` that is a beginning of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
