import { describe, expect, it } from 'vitest'

import { createModelRegistry } from '../../src/models/model-registry.ts'
import { scriptedConfig } from '../support/scripted-model.ts'

const limit = (model: string) => ({ model, contextLimitTokens: 8_192 })
const url = 'http://127.0.0.1:1/v1'
const configs = [
  scriptedConfig(url, { name: 'one', models: [limit('shared'), limit('own')] }),
  scriptedConfig(url, { name: 'two', models: [limit('shared'), limit('deep/name')] }),
]

describe('createModelRegistry', () => {
  it('finds a model by its id, with the provider that serves it', () => {
    const { provider, info } = createModelRegistry(configs, { defaultModel: 'one/own' }).find('two/deep/name')
    expect(provider.name).toBe('two')
    expect(info).toEqual({
      id: 'two/deep/name',
      provider: 'two',
      model: 'deep/name',
      contextLimitTokens: 8_192,
      settings: { temperature: { min: 0, max: 2 } },
    })
  })

  it('finds a model by its name alone when one provider has it', () => {
    expect(createModelRegistry(configs, { defaultModel: 'own' }).find('deep/name').info.id).toBe(
      'two/deep/name',
    )
  })

  it('lists all and names the default', () => {
    const registry = createModelRegistry(configs, { defaultModel: 'own' })
    expect(registry.list().map(({ id }) => id)).toEqual([
      'one/shared',
      'one/own',
      'two/shared',
      'two/deep/name',
    ])
    expect(registry.defaultModel.id).toBe('one/own')
  })

  it('behavior: names the helper and the fallbacks by their whole ids', () => {
    const chosen = { defaultModel: 'own', helperModel: 'one/shared', fallbackModels: ['deep/name'] }
    const registry = createModelRegistry(configs, chosen)
    expect(registry.helperModel?.id).toBe('one/shared')
    expect(registry.fallbackModels).toEqual(['two/deep/name'])
    expect(createModelRegistry(configs, { defaultModel: 'own' }).helperModel).toBeUndefined()
  })

  it('error: an unknown or ambiguous model names the configured ones', () => {
    const registry = createModelRegistry(configs, { defaultModel: 'own' })
    for (const id of ['gpt-9', 'shared', 'one/deep/name']) {
      expect(() => registry.find(id)).toThrow(
        expect.objectContaining({ code: 'unknown_model', message: expect.stringContaining('two/deep/name') }),
      )
    }
  })

  it('error: a default that is not configured', () => {
    expect(() => createModelRegistry(configs, { defaultModel: 'three/x' })).toThrow(
      /three\/x is not configured/,
    )
  })
})
