import { modelProviderConformance } from '../conformance/model-provider.ts'
import type { ModelScenario } from '../conformance/model-provider.ts'
import type { ScriptedReply } from '../../src/models/scripted/scripted-reply.ts'
import { openScriptedModel, scriptedProvider, scriptedRequest } from '../support/scripted-model.ts'

const apiKey = 'sk-very-secret'

modelProviderConformance('the provider over the openai package', async () => {
  const model = await openScriptedModel()
  let count = 0
  return {
    provider: scriptedProvider(model.baseUrl, { apiKey }),
    impatient: scriptedProvider(model.baseUrl, { apiKey, idleTimeoutMs: 200 }),
    secrets: [apiKey, model.baseUrl, 'Hello [script:'],
    async prepare(scenario) {
      const key = `conformance-${count++}`
      await model.script(key, [toReply(scenario)])
      return {
        request: scriptedRequest(key),
        untilClosed: async () => void (await model.until(key, 1, 'closed')),
        isTaken: async () => (await model.requests(key))[0]?.state === 'completed',
      }
    },
    close: () => model.close(),
  }
})

function toReply(scenario: ModelScenario): ScriptedReply {
  switch (scenario.kind) {
    case 'text':
      return { parts: scenario.pieces.map((text) => ({ type: 'text', text, times: 1 })) }
    case 'reasoning':
      return {
        parts: [
          { type: 'reasoning', text: scenario.reasoning },
          { type: 'text', text: scenario.text },
        ],
      }
    case 'tools':
      return {
        parts: [
          { type: 'text', text: scenario.text },
          { type: 'toolCalls', calls: scenario.calls },
        ],
      }
    case 'ended': {
      const finish = scenario.by === 'length' ? 'length' : 'content_filter'
      return { parts: [{ type: 'text', text: scenario.text }], finish }
    }
    case 'usage':
      return { usage: { prompt_tokens: scenario.inputTokens, completion_tokens: scenario.outputTokens } }
    case 'silence':
      return {
        parts: [
          { type: 'text', text: scenario.text },
          { type: 'fault', fault: 'silence' },
        ],
      }
    case 'broken':
      return scenario.by === 'end'
        ? { parts: [{ type: 'text', text: scenario.text }], finish: 'missing' }
        : {
            parts: [
              { type: 'text', text: scenario.text },
              { type: 'fault', fault: 'cut' },
            ],
          }
    case 'garbage':
      return { parts: [{ type: 'fault', fault: 'garbage' }] }
    case 'status': {
      const wait = scenario.retryAfterSeconds
      return { status: scenario.status, ...(wait ? { headers: { 'retry-after': String(wait) } } : {}) }
    }
    case 'length': {
      const last = scenario.characters % 10_000
      const rest: ScriptedReply['parts'] =
        last === 0 ? [] : [{ type: 'text', text: 'x'.repeat(last), times: 1 }]
      const times = Math.floor(scenario.characters / 10_000)
      return { parts: [{ type: 'text', text: 'x'.repeat(10_000), times }, ...rest] }
    }
  }
}
