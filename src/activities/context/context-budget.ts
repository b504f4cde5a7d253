import type { ModelInfo } from '../../models/model-provider.ts'

export type ContextBudget = {
  /** What messages may take; below one when nothing is left for them. */
  messageTokens: number
  /** What is kept free for the answer. */
  outputTokens: number
}

/** Kept free for an answer whose length nobody has limited. */
const usualOutputTokens = 8_192
/** Kept free where tokens are estimated, although the estimate is meant to be too high. */
const safetyShare = 0.05

/** Divides a model's window: the answer, what every call carries (system text and tools), the messages. */
export function toContextBudget(given: {
  info: Pick<ModelInfo, 'contextLimitTokens'>
  /** The limit of an answer, if there is one. It gets half of the window at most. */
  maxOutputTokens: number | undefined
  fixedTokens: number
  isExact: boolean
}): ContextBudget {
  const window = given.info.contextLimitTokens
  const wanted = given.maxOutputTokens ?? Math.min(Math.floor(window / 4), usualOutputTokens)
  const outputTokens = Math.min(wanted, Math.floor(window / 2))
  const safety = given.isExact ? 0 : Math.ceil(window * safetyShare)
  return { messageTokens: window - outputTokens - given.fixedTokens - safety, outputTokens }
}

/**
 * How many bytes of text may fit that many tokens. An estimate takes 2.5 bytes for one; of a tokenizer's tokens the
 * longest are words of many letters and runs of spaces, so a text of those alone counts as too long a little early.
 */
export function toMaxBytes(tokens: number, isExact: boolean): number {
  return Math.max(Math.ceil(tokens * (isExact ? 8 : 3)), smallestMaxBytes)
}

/** Enough for the turn before, whose results may be cut where they do not fit. */
const smallestMaxBytes = 256 * 1024
