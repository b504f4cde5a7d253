import type { ModelInfo } from './model-provider.ts'

/** Counts what a text costs in a model's context. */
export interface TokenCounter {
  /** By the model's own tokenizer; otherwise an estimate that is meant to be too high. */
  readonly isExact: boolean
  count(text: string): number
}

/**
 * Characters that are counted at a time. A tokenizer's work grows with the square of a run without a break
 * (100,000 equal letters take 16 s), and such a run may come from anybody; each cut costs one token at most.
 */
const sliceLength = 400

/** UTF-8 bytes for each token. English has about four, JSON with numbers and addresses about two and a half. */
export const bytesPerToken = 2.5

const estimate: TokenCounter = {
  isExact: false,
  count: (text) => Math.ceil(Buffer.byteLength(text) / bytesPerToken),
}

/** Models whose tokenizer is published: OpenAI's, also behind another provider's prefix. */
const publishedTokenizer = /^(openai\/)?(gpt-(4o|4\.|5|oss)|o[134]\b|chatgpt-4o)/

let o200k: Promise<TokenCounter> | undefined

/** Finds the counter of a model. The first one of a tokenizer takes half a second to load. */
export async function loadTokenCounter({ model }: Pick<ModelInfo, 'model'>): Promise<TokenCounter> {
  if (!publishedTokenizer.test(model)) return estimate
  o200k ??= loadO200k()
  return o200k
}

async function loadO200k(): Promise<TokenCounter> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // Whoever writes a tokenizer's control word means its letters.
  const asText = { disallowedSpecial: new Set<string>() }
  return {
    isExact: true,
    count(text) {
      let tokens = 0
      for (let from = 0; from < text.length; from += sliceLength) {
        tokens += countTokens(text.slice(from, from + sliceLength), asText)
      }
      return tokens
    },
  }
}
