import { describe, expect, it } from 'vitest'

import { AppError } from '../../src/contracts/errors.ts'
import { hasModelConfig, readProviderConfigs } from '../../src/models/provider-config.ts'

type Environment = Record<string, string | undefined>

function read(env: Environment) {
  const { providers, defaultModel } = readProviderConfigs(env)
  return {
    defaultModel,
    ids: providers.flatMap(({ name, models }) => models.map(({ model }) => `${name}/${model}`)),
    providers,
  }
}

function problems(env: Environment): string {
  try {
    readProviderConfigs(env)
  } catch (error) {
    if (error instanceof AppError && error.code === 'configuration') return error.message
    throw error
  }
  return 'no error'
}

describe('readProviderConfigs', () => {
  it('makes OpenAI the default provider when only its key is set', () => {
    const { defaultModel, providers } = read({ OPENAI_API_KEY: 'sk-1' })
    expect(defaultModel).toBe('openai/gpt-5-mini')
    expect(providers).toMatchObject([
      { name: 'openai', baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-1' },
    ])
  })

  it('takes another endpoint and its model from OPENAI_BASE_URL and PERDURA_MODEL', () => {
    const env = { OPENAI_BASE_URL: 'http://localhost:9999/v1/', PERDURA_MODEL: 'my-model' }
    const { defaultModel, ids, providers } = read(env)
    expect([defaultModel, ids]).toEqual(['openai/my-model', ['openai/my-model']])
    expect(providers).toMatchObject([{ baseUrl: 'http://localhost:9999/v1', apiKey: '' }])
  })

  it('offers presets and own providers together, OpenAI first', () => {
    const { ids, defaultModel, providers } = read({
      OPENAI_API_KEY: 'sk-1',
      PERDURA_PROVIDERS: 'groq, my-lab=https://lab.example/v1',
      GROQ_API_KEY: 'gsk',
      MY_LAB_MODELS: 'llama3.1:8b, big:32768,',
    })
    expect(defaultModel).toBe('openai/gpt-5-mini')
    expect(ids).toContain('groq/openai/gpt-oss-120b')
    expect(providers.at(-1)).toMatchObject({
      name: 'my-lab',
      baseUrl: 'https://lab.example/v1',
      models: [
        { model: 'llama3.1:8b', contextLimitTokens: 128_000 },
        { model: 'big', contextLimitTokens: 32_768 },
      ],
    })
  })

  it('runs on the scripted model', () => {
    const env = { PERDURA_PROVIDERS: 'scripted', SCRIPTED_BASE_URL: 'http://127.0.0.1:5555/v1' }
    expect(read(env)).toMatchObject({
      defaultModel: 'scripted/demo',
      ids: ['scripted/demo', 'scripted/bench'],
    })
  })

  it('behavior: PERDURA_MODEL is found by its name alone, and joins its provider when it is new', () => {
    const both = { PERDURA_PROVIDERS: 'groq,xai', GROQ_API_KEY: 'a', XAI_API_KEY: 'b' }
    expect(read({ ...both, PERDURA_MODEL: 'grok-4' }).defaultModel).toBe('xai/grok-4')
    expect(read({ ...both, PERDURA_MODEL: 'xai/grok-9' }).ids).toContain('xai/grok-9')
    const router = { PERDURA_PROVIDERS: 'openrouter', OPENROUTER_API_KEY: 'a' }
    expect(read({ ...router, PERDURA_MODEL: 'qwen/qwen3' }).defaultModel).toBe('openrouter/qwen/qwen3')
  })

  it('behavior: fallbacks and a helper are found, or join their provider, and the helper can be none', () => {
    const both = {
      PERDURA_PROVIDERS: 'groq,xai',
      GROQ_API_KEY: 'a',
      XAI_API_KEY: 'b',
      PERDURA_MODEL: 'grok-4',
    }
    expect(readProviderConfigs(both)).toMatchObject({ helperModel: 'xai/grok-4', fallbackModels: [] })
    const chosen = {
      PERDURA_FALLBACK_MODELS: 'llama-3.3-70b-versatile, xai/new',
      PERDURA_HELPER_MODEL: 'groq/tiny',
    }
    expect(readProviderConfigs({ ...both, ...chosen })).toMatchObject({
      defaultModel: 'xai/grok-4',
      helperModel: 'groq/tiny',
      fallbackModels: ['groq/llama-3.3-70b-versatile', 'xai/new'],
    })
    expect(readProviderConfigs({ ...both, PERDURA_HELPER_MODEL: 'none' }).helperModel).toBeUndefined()
  })

  it('behavior: an operator says what the models of a provider take', () => {
    const lab = { PERDURA_PROVIDERS: 'my-lab=https://lab.example/v1', MY_LAB_MODELS: 'm' }
    const own = { MY_LAB_TEMPERATURE: 'off', MY_LAB_REASONING_EFFORTS: 'low,high' }
    expect(read({ ...lab, ...own }).providers).toMatchObject([
      { ownSettings: { temperature: {}, reasoningEfforts: { reasoningEfforts: ['low', 'high'] } } },
    ])
    expect(problems({ ...lab, MY_LAB_TEMPERATURE: 'hot' })).toContain('MY_LAB_TEMPERATURE')
    expect(problems({ ...lab, MY_LAB_REASONING_EFFORTS: 'huge' })).toContain('MY_LAB_REASONING_EFFORTS')
  })

  it('behavior: a local server needs a model but no key', () => {
    expect(read({ PERDURA_PROVIDERS: 'ollama', OLLAMA_MODELS: 'qwen3:8b' }).providers).toMatchObject([
      { baseUrl: 'http://127.0.0.1:11434/v1', apiKey: '' },
    ])
  })

  it('behavior: an empty variable is one that is not set', () => {
    expect(hasModelConfig({ OPENAI_API_KEY: ' ', PERDURA_PROVIDERS: '' })).toBe(false)
    expect(hasModelConfig({ OPENAI_API_KEY: 'sk' })).toBe(true)
  })

  it('error: nothing is configured, but a key is there', () => {
    expect(problems({})).toContain('Set OPENAI_API_KEY')
    expect(problems({ ANTHROPIC_API_KEY: 'x' })).toContain('PERDURA_PROVIDERS=anthropic')
  })

  it('error: names every fault and what to write', () => {
    const text = problems({
      PERDURA_PROVIDERS: 'groq,nobody,vllm,Bad Name,constructor,lab=ftp://x',
      OPENAI_API_KEY: 'a',
    })
    expect(text).toContain('GROQ_API_KEY is missing')
    expect(text).toContain('nobody is not a known provider')
    expect(text).toContain('Write nobody=https://host/v1')
    expect(text).toContain('constructor is not a known provider')
    expect(text).toContain('PERDURA_PROVIDERS (lab): write an http or https URL')
    expect(text.split('\n')).toHaveLength(5)
  })

  it('error: a provider without models, a model without a provider, a name twice', () => {
    expect(problems({ PERDURA_PROVIDERS: 'vllm' })).toContain('VLLM_MODELS=')
    expect(problems({ OPENAI_BASE_URL: 'http://localhost:1/v1' })).toContain('PERDURA_MODEL=openai/model-a')
    const two = { PERDURA_PROVIDERS: 'groq,xai', GROQ_API_KEY: 'a', XAI_API_KEY: 'b' }
    expect(problems({ ...two, PERDURA_MODEL: 'gpt-5' })).toContain('Configured: groq/')
    expect(problems({ PERDURA_PROVIDERS: 'xai,xai', XAI_API_KEY: 'b' })).toContain('names xai twice')
  })

  it('error: a fallback or a helper that nobody serves', () => {
    const two = { PERDURA_PROVIDERS: 'groq,xai', GROQ_API_KEY: 'a', XAI_API_KEY: 'b' }
    expect(problems({ ...two, PERDURA_FALLBACK_MODELS: 'gpt-5' })).toContain('PERDURA_FALLBACK_MODELS=gpt-5')
    expect(problems({ ...two, PERDURA_HELPER_MODEL: 'gpt-5' })).toContain('PERDURA_HELPER_MODEL=gpt-5')
  })

  it('error: a URL with credentials is refused and not repeated', () => {
    const text = problems({ OPENAI_BASE_URL: 'https://me:sk-secret@host/v1', PERDURA_MODEL: 'x' })
    expect(text).toContain('OPENAI_BASE_URL')
    expect(text).not.toContain('sk-secret')
  })
})
