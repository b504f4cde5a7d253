import type { Palette } from '../palette.ts'

/** How a prompt is drawn. */
export type PromptRowsOptions = {
  palette: Palette
  columns: number
  nowMs: number
  /** How many items of a list are shown at once. */
  listSize: number
  /** Answered by keys, or by whole lines. */
  by: 'keys' | 'lines'
  /** The conversation that is open; a request of another one says so. */
  conversationId: string | undefined
}
