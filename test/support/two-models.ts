import { afterAll } from 'vitest'
import { z } from 'zod'

import { openScriptedModel, type ScriptedModelDriver } from './scripted-model.ts'

/** A second service beside the product's own `openai/scripted`: `mistral/other`, with the strictest dialect. */
export type SecondModel = { other: ScriptedModelDriver; env: Record<string, string> }

/** Call it at the top level of a test file; `env` is for its product. */
export async function openSecondModel(): Promise<SecondModel> {
  const other = await openScriptedModel()
  afterAll(() => other.close())
  return {
    other,
    env: {
      PERDURA_PROVIDERS: 'openai,mistral',
      PERDURA_MODEL: 'openai/scripted',
      MISTRAL_BASE_URL: other.baseUrl,
      MISTRAL_API_KEY: 'sk-test-other',
      MISTRAL_MODELS: 'other',
    },
  }
}

const wireSchema = z.looseObject({
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.string().nullish(),
      tool_call_id: z.string().optional(),
      tool_calls: z.array(z.object({ id: z.string() })).optional(),
    }),
  ),
})

/** What a service was sent: the whole body, its roles, and the ids of calls and of results, reply by reply. */
export function readWire(body: unknown) {
  const request = wireSchema.parse(body)
  const { messages } = request
  const replies = messages.flatMap(({ tool_calls: calls = [] }, index) => {
    if (calls.length === 0) return []
    const results = messages.slice(index + 1, index + 1 + calls.length)
    return [{ calls: calls.map(({ id }) => id), results: results.map(({ tool_call_id: id }) => id) }]
  })
  return { request, roles: messages.map(({ role }) => role), replies }
}
