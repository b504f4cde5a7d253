import { Hono } from 'hono'
import type { ModelEntry } from '../../src/client/api-answers.ts'
import type { Memory } from '../../src/contracts/memory.ts'
import { problem } from './fake-problem.ts'

export type FakeMemory = Memory

const models: ModelEntry[] = [
  {
    id: 'scripted/demo',
    provider: 'scripted',
    model: 'demo',
    contextLimitTokens: 128_000,
    settings: { temperature: { min: 0, max: 2 } },
    default: true,
  },
  {
    id: 'openai/gpt-5-mini',
    provider: 'openai',
    model: 'gpt-5-mini',
    contextLimitTokens: 400_000,
    settings: { reasoningEfforts: ['low', 'high'], maxOutputTokens: 128_000 },
    default: false,
  },
  {
    id: 'openai/gpt-5',
    provider: 'openai',
    model: 'gpt-5',
    contextLimitTokens: 400_000,
    settings: {},
    default: false,
  },
]

/** Models and memory of the fake server. */
export function fakeOwnerRoutes(memory: FakeMemory) {
  const app = new Hono<{ Variables: { owner: string } }>()
  app.get('/models', (c) => c.json({ models, fallbackModels: [] }))
  app.get('/usage', (c) => {
    const sum = (calls: number) => ({
      calls,
      inputTokens: calls * 1_000,
      outputTokens: calls * 10,
      cachedTokens: 0,
      costUsd: '0.0123',
      estimatedCalls: calls > 2 ? 1 : 0,
    })
    return c.json({
      total: sum(2_000),
      today: sum(3),
      reserved: { calls: 0, tokens: 0, costUsd: '0' },
      days: [],
      models: [],
      ...(c.req.query('conversationId') && { conversation: sum(2) }),
      ...(c.req.query('turnId') && { turn: sum(1) }),
      limits: [
        { code: 'turn_budget', tokens: { limit: 200_000, left: 199_000 } },
        { code: 'day_budget', tokens: { limit: 1_000_000, left: 0 }, usd: { limit: '1', left: '0.4' } },
      ],
    })
  })
  app.get('/memory', (c) => c.json(memory))
  app.patch('/memory', async (c) => {
    const { enabled } = await c.req.json()
    memory.enabled = enabled
    return c.json(memory)
  })
  app.delete('/memory', (c) => {
    memory.entries = []
    return c.body(null, 204)
  })
  app.patch('/memory/:id', async (c) => {
    const entry = memory.entries.find(({ conversationId }) => conversationId === c.req.param('id'))
    if (!entry) return problem(c, 404, 'not_found')
    const { text } = await c.req.json()
    Object.assign(entry, { text, edited: true })
    return c.json(entry)
  })
  app.delete('/memory/:id', (c) => {
    memory.entries = memory.entries.filter(({ conversationId }) => conversationId !== c.req.param('id'))
    return c.body(null, 204)
  })
  return app
}
