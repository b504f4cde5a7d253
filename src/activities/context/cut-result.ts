import { wholeBeginning } from '../../contracts/whole-characters.ts'
import type { TokenCounter } from '../../models/token-counter.ts'
import type { HistoryMessage } from '../../store/history-backend.ts'
import { toCutText } from '../result-text.ts'
import { inPortions, tokensPerCall, tokensPerMessage } from './message-sizes.ts'

export type CutOptions = {
  /** What the message took so far, and what it may take. */
  tokens: number
  cap: number
  counter: TokenCounter
  /** The model has `read_result`. */
  readsOn: boolean
  signal: AbortSignal
}

/** Cuts the text of a tool's message to a number of tokens, with a word about the cut. Its beginning stays. */
export async function cutResult(message: HistoryMessage, options: CutOptions): Promise<HistoryMessage> {
  const { text: given = '', callId = '' } = message
  const { text, totalChars } = withoutCut(given)
  const count = inPortions(options.counter, options.signal)
  const room = options.cap - tokensPerMessage - tokensPerCall
  let kept = Math.floor((text.length * room) / options.tokens)
  for (;;) {
    const beginning = wholeBeginning(text, kept)
    const cut = toCutText({ callId, beginning, totalChars, readsOn: options.readsOn })
    const tokens = await count(cut)
    if (tokens <= room || kept === 0) return { ...message, text: cut }
    // A bit less than what is right if all of it is as dense as this; the word about the cut is not counted twice.
    kept = kept < 20 ? 0 : Math.floor(kept * Math.min(room / tokens, 0.95) * 0.95)
  }
}

/** A text that was cut when it was stored: what it was cut to, and how long it is in the store. */
function withoutCut(text: string): { text: string; totalChars: number } {
  const cut = /\n\[cut: (?:the first \d+ of )?(\d+) characters[^\n]*\]$/.exec(text)
  return cut === null
    ? { text, totalChars: text.length }
    : { text: text.slice(0, cut.index), totalChars: Number(cut[1]) }
}
