import { commonDialect } from '../../src/models/dialect.ts'
import type { ModelRequest } from '../../src/models/model-provider.ts'
import { createOpenAiProvider } from '../../src/models/openai-provider.ts'
import type { ProviderConfig } from '../../src/models/provider-config.ts'
import type { AwaitedState, LoggedRequest } from '../../src/models/scripted/request-log.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { startScriptedModel } from '../../src/models/scripted/server.ts'

/** A scripted model as a test drives it; the same for one in this process and one in another. */
export type ScriptedModelDriver = {
  /** For a provider, as `http://127.0.0.1:1234/v1`. */
  baseUrl: string
  /** Sets the replies to the conversation whose user messages hold `[script:KEY]`. */
  script(key: string, replies: ScriptedReply[]): Promise<void>
  openGate(name: string): Promise<void>
  requests(key: string): Promise<LoggedRequest[]>
  /** Resolves when the request with this number, from 1, has arrived, completed, or was closed by its client. */
  until(key: string, number: number, state: AwaitedState): Promise<LoggedRequest>
}

/** Starts one in this process; share it in a test file and give each test its own key. */
export async function openScriptedModel(): Promise<ScriptedModelDriver & { close(): Promise<void> }> {
  const model = await startScriptedModel({ mode: 'test' })
  return { ...connectScriptedModel(model.url), close: () => model.close() }
}

/** Drives one that runs already in test mode; `url` is without `/v1`. */
function connectScriptedModel(url: string): ScriptedModelDriver {
  async function call(path: string, body?: unknown): Promise<Response> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`${url}${path}`, init)
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response
  }

  return {
    baseUrl: `${url}/v1`,
    script: async (key, replies) => void (await call('/script', { key, replies })),
    openGate: async (name) => void (await call(`/gates/${encodeURIComponent(name)}/open`, {})),
    async requests(key) {
      const answer = (await (await call(`/requests?${query({ key })}`)).json()) as {
        requests: LoggedRequest[]
      }
      return answer.requests
    },
    async until(key, number, state) {
      const path = `/requests/wait?${query({ key, number: String(number), state })}`
      return (await (await call(path)).json()) as LoggedRequest
    },
  }
}

/** A provider's configuration for a scripted model. */
export function scriptedConfig(baseUrl: string, changes: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name: 'scripted',
    baseUrl,
    apiKey: 'sk-test-key',
    models: [{ model: 'demo', contextLimitTokens: 128_000 }],
    dialect: commonDialect,
    timeoutMs: 60_000,
    idleTimeoutMs: 20_000,
    ...changes,
  }
}

/** A provider for a scripted model. */
export function scriptedProvider(baseUrl: string, changes: Partial<ProviderConfig> = {}) {
  return createOpenAiProvider(scriptedConfig(baseUrl, changes))
}

/** A request that takes the next reply of a script. */
export function scriptedRequest(key: string, changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'demo',
    system: 'Test.',
    messages: [{ role: 'user', text: `Hello [script:${key}]` }],
    tools: [],
    ...changes,
  }
}

function query(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString()
}
