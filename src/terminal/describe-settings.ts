import type { HistoryStrategy, ModelSettings } from '../contracts/conversation.ts'

/** What a model is told besides the messages, as `/model` takes it. */
export function describeModelSettings({
  temperature,
  reasoningEffort,
  maxOutputTokens,
}: ModelSettings): string {
  const parts = [
    ...(temperature === undefined ? [] : [`temperature=${temperature}`]),
    ...(reasoningEffort === undefined ? [] : [`effort=${reasoningEffort}`]),
    ...(maxOutputTokens === undefined ? [] : [`max=${maxOutputTokens}`]),
  ]
  return parts.length === 0 ? 'as the model has them' : parts.join(' ')
}

/** Which part of the conversation the model is given, as `/history` takes it, with what it means. */
export function describeHistory(history: HistoryStrategy): string {
  switch (history.kind) {
    case 'full':
      return 'full (all of it; the turn ends when it no longer fits)'
    case 'slidingWindow':
      return `window ${history.window} (your last ${history.window} messages and what followed them)`
    case 'summary':
      return 'summary (all of it; the older part as a summary with its facts)'
    case 'none':
      return 'none (the running turn alone; no content is kept past it)'
  }
}
