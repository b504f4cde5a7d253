import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { providerPresets } from '../../src/models/presets.ts'
import { readProviderConfigs } from '../../src/models/provider-config.ts'
import { chatRequest } from '../../src/models/scripted/chat-request.ts'
import { toDemoReply } from '../../src/models/scripted/demo/demo-reply.ts'
import { script } from '../../src/models/scripted/scripted-reply.ts'

const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')

describe('docs/models.md', () => {
  it('names every preset with the variable of its key', () => {
    const documented = [...page.matchAll(/^\| `(\w+)` \| (?:`(\w+)`|none needed) \|/gm)].map(
      ([, name, key]) => [name, key],
    )
    const presets = Object.entries(providerPresets).map(([name, { local, apiKeyEnv }]) => [
      name,
      local ? undefined : apiKeyEnv,
    ])
    expect(documented).toEqual(presets)
  })

  it('has examples that are accepted', () => {
    const examples = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) =>
      readProviderConfigs(Object.fromEntries(text.trim().split('\n').map(splitOnce))),
    )
    expect(examples.map(({ defaultModel }) => defaultModel)).toEqual([
      'openai/gpt-5-mini',
      'openai/my-model',
      'anthropic/claude-sonnet-4-5',
    ])
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
    expect(script.parse(JSON.parse(json)).replies).toHaveLength(3)
  })

  it('lists what the demo model understands', () => {
    const request = chatRequest.parse({ model: 'demo', messages: [{ role: 'user', content: 'help' }] })
    const [part] = toDemoReply(request, 0).parts ?? []
    const examples =
      part?.type === 'text' ? part.text.split('\n').filter((line) => line.startsWith('- ')) : []
    expect(examples).toHaveLength(7)
    for (const example of examples) expect(page).toContain(example.split(' (')[0])
  })
})

function splitOnce(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}
