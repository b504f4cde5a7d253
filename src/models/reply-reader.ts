import { answerTextLimit } from '../contracts/limits.ts'
import { AppError } from '../contracts/errors.ts'
import type { ModelPart } from './model-provider.ts'
import { replyChunk } from './reply-chunk.ts'
import type { ReplyChunk, ReplyDelta, ReplyUsage } from './reply-chunk.ts'
import { createThinkSplitter } from './think-splitter.ts'
import type { SplitText, ThinkSplitter } from './think-splitter.ts'
import { createToolCallAssembler } from './tool-call-assembler.ts'

type FinishReason = Extract<ModelPart, { type: 'finish' }>['reason']

/**
 * Turns the chunks of one streamed reply into parts: text and reasoning as they come, then tool calls,
 * usage and `finish`. Text, reasoning and arguments together may have `answerTextLimit` characters.
 * @throws AppError `model_garbage`, `model_stream_cut`, `model_unavailable`, `answer_too_long`
 */
export async function* readReply(
  chunks: AsyncIterable<unknown>,
  provider: string,
  onArguments: (delta: string) => void = () => {},
): AsyncGenerator<ModelPart> {
  const think = createThinkSplitter()
  const calls = createToolCallAssembler()
  const count = createMeter(provider)
  let usage: ReplyUsage | undefined
  let finish: string | undefined

  for await (const raw of endingQuietly(chunks, () => finish !== undefined)) {
    const chunk = parseChunk(raw, provider)
    usage = chunk.usage ?? usage
    const choice = chunk.choices?.[0]
    for (const delta of choice?.delta?.tool_calls ?? []) {
      const piece = calls.add(delta)
      count(piece.length + 1)
      onArguments(piece)
    }
    for (const part of choice?.delta ? splitDelta(choice.delta, think) : []) {
      count(part.delta.length)
      yield part
    }
    finish = choice?.finish_reason || finish
  }
  yield* think.end()
  if (finish === undefined) throw cut(provider)
  const reason = toFinishReason(finish, calls.calls().length, provider)
  if (reason === 'tools') for (const call of calls.calls()) yield { type: 'toolCall', call }
  if (usage) yield toUsagePart(usage)
  yield { type: 'finish', reason }
}

// Once the reason to finish is known the reply is complete; a connection that breaks after it loses nothing.
async function* endingQuietly(
  chunks: AsyncIterable<unknown>,
  finished: () => boolean,
): AsyncGenerator<unknown> {
  try {
    yield* chunks
  } catch (error) {
    if (!finished()) throw error
  }
}

function parseChunk(raw: unknown, provider: string): ReplyChunk {
  const parsed = replyChunk.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new AppError(
    'model_garbage',
    `Provider ${provider} sent a chunk that is not a Chat Completions chunk.`,
  )
}

function splitDelta(delta: ReplyDelta, think: ThinkSplitter): SplitText[] {
  const parts: SplitText[] = []
  // Newer servers fill both fields with the same text.
  const reasoning = delta.reasoning_content || delta.reasoning
  if (reasoning) parts.push({ type: 'reasoning', delta: reasoning })
  if (typeof delta.content === 'string') parts.push(...think.push(delta.content))
  else {
    for (const { text, thinking } of delta.content ?? []) {
      for (const thought of thinking ?? []) parts.push({ type: 'reasoning', delta: thought.text ?? '' })
      if (text) parts.push(...think.push(text))
    }
  }
  if (delta.refusal) parts.push(...think.push(delta.refusal))
  return parts.filter((part) => part.delta !== '')
}

/**
 * A reply that was cut by its length or a filter keeps no tool calls: their arguments may be cut too.
 * Several services finish with `stop` although they ask for tools.
 */
function toFinishReason(reason: string, callCount: number, provider: string): FinishReason {
  if (reason === 'length' || reason === 'max_tokens') return 'length'
  if (reason === 'content_filter') return 'filtered'
  if (reason === 'error') {
    throw new AppError(
      'model_unavailable',
      `Provider ${provider} gave up in the middle of its reply. Try again.`,
    )
  }
  return callCount > 0 ? 'tools' : 'stop'
}

function toUsagePart(usage: ReplyUsage): ModelPart {
  const cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens
  const counts = { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens }
  return {
    type: 'usage',
    ...counts,
    ...(cachedTokens === undefined || cachedTokens === null ? {} : { cachedTokens }),
  }
}

function createMeter(provider: string): (length: number) => void {
  let total = 0
  return (length) => {
    total += length
    if (total <= answerTextLimit) return
    const message = `Provider ${provider} sent a reply of more than ${answerTextLimit} characters. Ask for a shorter answer.`
    throw new AppError('answer_too_long', message)
  }
}

function cut(provider: string): AppError {
  return new AppError('model_stream_cut', `Provider ${provider} ended its reply in the middle. Try again.`)
}
