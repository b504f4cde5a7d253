/** Well-known services that speak OpenAI's Chat Completions. An entry here is all that a new one needs. */
import { commonDialect } from './dialect.ts'
import type { Dialect } from './dialect.ts'

export type ModelLimit = { model: string; contextLimitTokens: number }

export type ProviderPreset = {
  baseUrl: string
  /** Environment variable of the key, under the name that the service's own tools use. */
  apiKeyEnv: string
  /** Runs on one's own machine and asks for no key. */
  local: boolean
  /** Offered unless the operator names others; the first is the default. Empty: the operator must. */
  models: readonly ModelLimit[]
  dialect: Dialect
}

/** Presets by provider name, which is the prefix of a model's id. */
export const providerPresets: Readonly<Record<string, ProviderPreset>> = {
  openai: remote(
    'https://api.openai.com/v1',
    'OPENAI_API_KEY',
    { 'gpt-5-mini': 400_000, 'gpt-5': 400_000, 'gpt-4.1': 1_047_576 },
    {
      outputLimitField: 'max_completion_tokens',
    },
  ),
  anthropic: remote(
    'https://api.anthropic.com/v1',
    'ANTHROPIC_API_KEY',
    {
      'claude-sonnet-4-5': 200_000,
      'claude-haiku-4-5': 200_000,
      'claude-opus-4-5': 200_000,
    },
    { callIds: /^[\w-]{1,40}$/ },
  ),
  gemini: remote(
    'https://generativelanguage.googleapis.com/v1beta/openai',
    'GEMINI_API_KEY',
    {
      'gemini-2.5-flash': 1_048_576,
      'gemini-2.5-pro': 1_048_576,
    },
    { thoughtSignature: true },
  ),
  openrouter: remote('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', {
    'openai/gpt-5-mini': 400_000,
    'anthropic/claude-sonnet-4.5': 200_000,
    'google/gemini-2.5-flash': 1_048_576,
  }),
  groq: remote('https://api.groq.com/openai/v1', 'GROQ_API_KEY', {
    'openai/gpt-oss-120b': 131_072,
    'llama-3.3-70b-versatile': 131_072,
  }),
  together: remote('https://api.together.xyz/v1', 'TOGETHER_API_KEY', {
    'openai/gpt-oss-120b': 131_072,
    'meta-llama/Llama-3.3-70B-Instruct-Turbo': 131_072,
  }),
  mistral: remote(
    'https://api.mistral.ai/v1',
    'MISTRAL_API_KEY',
    {
      'mistral-medium-latest': 131_072,
      'mistral-large-latest': 131_072,
    },
    { streamOptions: false, callIds: /^[A-Za-z0-9]{9}$/, userAfterTools: false },
  ),
  deepseek: remote('https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', {
    'deepseek-chat': 131_072,
    'deepseek-reasoner': 131_072,
  }),
  fireworks: remote('https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY', {
    'accounts/fireworks/models/gpt-oss-120b': 131_072,
    'accounts/fireworks/models/llama-v3p3-70b-instruct': 131_072,
  }),
  xai: remote(
    'https://api.x.ai/v1',
    'XAI_API_KEY',
    { 'grok-4': 256_000 },
    { outputLimitField: 'max_completion_tokens' },
  ),
  cerebras: remote(
    'https://api.cerebras.ai/v1',
    'CEREBRAS_API_KEY',
    { 'gpt-oss-120b': 131_072 },
    {
      outputLimitField: 'max_completion_tokens',
    },
  ),
  ollama: local('http://127.0.0.1:11434/v1', 'OLLAMA_API_KEY'),
  lmstudio: local('http://127.0.0.1:1234/v1', 'LMSTUDIO_API_KEY'),
  vllm: local('http://127.0.0.1:8000/v1', 'VLLM_API_KEY'),
  scripted: local('http://127.0.0.1:4049/v1', 'SCRIPTED_API_KEY', { demo: 128_000, bench: 128_000 }),
}

/** Finds a preset by provider name. */
export function findPreset(name: string): ProviderPreset | undefined {
  return Object.hasOwn(providerPresets, name) ? providerPresets[name] : undefined
}

function remote(
  baseUrl: string,
  apiKeyEnv: string,
  limits: Record<string, number>,
  dialect: Partial<Dialect> = {},
): ProviderPreset {
  return {
    baseUrl,
    apiKeyEnv,
    local: false,
    models: toModels(limits),
    dialect: { ...commonDialect, ...dialect },
  }
}

function local(baseUrl: string, apiKeyEnv: string, limits: Record<string, number> = {}): ProviderPreset {
  return { baseUrl, apiKeyEnv, local: true, models: toModels(limits), dialect: commonDialect }
}

function toModels(limits: Record<string, number>): ModelLimit[] {
  return Object.entries(limits).map(([model, contextLimitTokens]) => ({ model, contextLimitTokens }))
}
