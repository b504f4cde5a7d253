import OpenAI from 'openai'

import { AppError } from '../contracts/errors.ts'
import { toChatBody } from './chat-body.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { toModelError } from './model-error.ts'
import type { ModelPart, ModelProvider, ModelRequest } from './model-provider.ts'
import { findOfferedSettings, withOwnSettings } from './offered-settings.ts'
import type { ProviderConfig } from './provider-config.ts'
import { readReply } from './reply-reader.ts'

/**
 * Creates a provider for any service that speaks OpenAI's streaming Chat Completions.
 *
 * Make one for a process and share it: its connections are kept alive. A service that is silent for longer
 * than `idleTimeoutMs` is `model_silent`, a reply that takes longer than `timeoutMs` `model_timeout`.
 */
export function createOpenAiProvider(config: ProviderConfig): ModelProvider {
  const client = createClient(config)
  const models = config.models.map(({ model, contextLimitTokens }) => ({
    id: `${config.name}/${model}`,
    provider: config.name,
    model,
    contextLimitTokens,
    settings: withOwnSettings(findOfferedSettings(model), config.ownSettings ?? {}),
  }))
  return {
    name: config.name,
    listModels: () => models,
    stream: (request, signal, onArguments) => streamReply({ client, config, request, signal, onArguments }),
  }
}

type Streaming = {
  client: OpenAI
  config: ProviderConfig
  request: ModelRequest
  signal: AbortSignal
  onArguments: ((delta: string) => void) | undefined
}

async function* streamReply({
  client,
  config,
  request,
  signal,
  onArguments,
}: Streaming): AsyncGenerator<ModelPart> {
  signal.throwIfAborted()
  using deadline = createDeadline(signal, config)
  let streaming = false
  try {
    const body = toChatBody(request, config.dialect)
    const chunks = await client.chat.completions.create(body, { signal: deadline.signal })
    streaming = true
    yield* readReply(chunks, config.name, onArguments)
  } catch (error) {
    // An aborted stream ends like a cut one; the caller asked for it and gets its own reason back.
    deadline.signal.throwIfAborted()
    throw toModelError(error, { provider: config.name, streaming, nowMs: Date.now() })
  }
}

/** Follows the caller's signal, and aborts with `model_timeout` when the whole call takes too long. */
function createDeadline(
  signal: AbortSignal,
  { name, timeoutMs }: ProviderConfig,
): Disposable & { signal: AbortSignal } {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(
      new AppError('model_timeout', `Provider ${name} took longer than ${timeoutMs} ms for one reply.`),
    )
  }, timeoutMs)
  return { signal: AbortSignal.any([signal, late.signal]), [Symbol.dispose]: () => clearTimeout(timer) }
}

function createClient(config: ProviderConfig): OpenAI {
  const { name: provider, baseUrl, apiKey, idleTimeoutMs } = config
  return new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey === '' ? 'none' : apiKey,
    // A local server without a key needs no header; some refuse one they cannot read.
    ...(apiKey === '' ? { defaultHeaders: { Authorization: null } } : {}),
    // Left out, these are read from the environment and would reach services they were not meant for.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // Until the headers come; from then on the guard of the body counts.
    timeout: idleTimeoutMs,
    // The activity's retries decide, with its heartbeats and its Stop.
    maxRetries: 0,
    logLevel: 'off',
    fetch: createGuardedFetch({ provider, idleTimeoutMs }),
  })
}
