import { createRoute, z } from '@hono/zod-openapi'

import { toolEffectSchema } from '../../schemas/tool-call.ts'
import type { ApiServices } from '../api-services.ts'
import { bearer, createRouter, json, problems } from '../open-api.ts'

const modelSchema = z
  .object({
    id: z.string(),
    provider: z.string(),
    model: z.string(),
    contextLimitTokens: z.int(),
    settings: z
      .object({
        temperature: z.object({ min: z.number(), max: z.number() }).optional(),
        reasoningEfforts: z.array(z.string()).optional(),
        maxOutputTokens: z.int().optional(),
      })
      .openapi({ description: 'What it takes of modelSettings; what is absent it refuses.' }),
    default: z.boolean(),
  })
  .openapi('Model')
const toolSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    effect: toolEffectSchema,
    steps: z.array(z.string()),
    available: z.boolean(),
    background: z.boolean().openapi({ description: 'Its calls go on beyond the turn that asks for them.' }),
    reason: z.string().optional(),
  })
  .openapi('Tool')
const chainSchema = z
  .object({ chainId: z.int(), name: z.string(), local: z.boolean(), ok: z.boolean() })
  .openapi('Chain')

function listRoute<const Name extends string, Schema extends z.ZodType>(
  name: Name,
  schema: Schema,
  summary: string,
) {
  return createRoute({
    method: 'get',
    path: `/api/${name}`,
    summary,
    security: bearer,
    responses: { 200: json(schema, 'All of them.'), ...problems(401) },
  })
}

const models = listRoute(
  'models',
  z.object({
    models: z.array(modelSchema),
    fallbackModels: z
      .array(z.string())
      .openapi({ description: 'Of conversations that name none themselves.' }),
  }),
  'Lists the models that can be chosen.',
)
const tools = listRoute(
  'tools',
  z.object({ tools: z.array(toolSchema) }),
  'Lists tools, absent ones with the reason.',
)
const chains = listRoute('chains', z.object({ chains: z.array(chainSchema) }), 'Lists the configured chains.')

/** What this deployment offers. */
export function catalogueRoutes(services: ApiServices) {
  return createRouter()
    .openapi(models, (context) => {
      const { id: defaultId } = services.models.defaultModel
      const listed = services.models.list().map((model) => ({ ...model, default: model.id === defaultId }))
      return context.json({ models: listed, fallbackModels: [...services.models.fallbackModels] }, 200)
    })
    .openapi(tools, (context) => {
      const { offered, absent } = services.tools
      const reasons = new Map(absent.map(({ name, reason }) => [name, reason]))
      const listed = offered.list().map((tool) => ({
        name: tool.name,
        description: tool.description,
        effect: tool.effect,
        steps: tool.kind === 'stepped' ? Object.keys(tool.steps) : [],
        background: 'background' in tool && tool.background === true,
        available: true,
      }))
      const missing = [...reasons].map(([name, reason]) => ({
        name,
        description: '',
        effect: 'read' as const,
        steps: [],
        background: false,
        available: false,
        reason,
      }))
      return context.json({ tools: [...listed, ...missing] }, 200)
    })
    .openapi(chains, (context) => context.json({ chains: services.chains.list() }, 200))
}
