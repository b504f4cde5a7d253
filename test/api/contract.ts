import { Ajv2020 } from 'ajv/dist/2020.js'
import formatsPlugin from 'ajv-formats'
import { z } from 'zod'

import { toEventChecker } from './event-checker.ts'

const contentSchema = z.record(z.string(), z.unknown())
const operationSchema = z.looseObject({
  summary: z.string(),
  security: z.array(z.unknown()).optional(),
  requestBody: z.looseObject({ required: z.boolean().optional(), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: contentSchema.optional() })),
})
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
})

/** One route of the document. */
export type Operation = z.infer<typeof operationSchema> & { method: string; path: string }

/** The server's own OpenAPI document, and whether the server keeps to it. */
export type Contract = {
  document: z.infer<typeof documentSchema>
  operations: readonly Operation[]
  /** Like the global one, and notes every answer and every event that the document does not allow. */
  fetch: typeof fetch
  violations: string[]
}

/** Reads the contract from a running server. */
export async function readContract(url: string): Promise<Contract> {
  const response = await fetch(`${url}/openapi.json`)
  const document = documentSchema.parse(await response.json())
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      path,
      method: method.toUpperCase(),
    })),
  )
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formatsPlugin.default(ajv)
  ajv.addSchema(document, 'openapi')
  const violations: string[] = []

  function check(pointer: readonly string[], value: unknown, place: string): void {
    const path = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
    const validate = ajv.getSchema(`openapi#/${encodeURI(path)}`)
    if (validate === undefined) throw new Error(`The document has nothing at ${path}.`)
    if (validate(value)) return
    violations.push(`${place}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)?.slice(0, 500)}`)
  }

  function checkEvent(value: unknown): void {
    const isSnapshot = z.object({ type: z.literal('snapshot') }).safeParse(value).success
    check(['components', 'schemas', isSnapshot ? 'SnapshotEvent' : 'Event'], value, 'event')
  }

  async function checkAnswer(method: string, path: string, response: Response): Promise<Response> {
    const operation = findOperation(operations, method, path)
    const status = String(response.status)
    const place = `${method} ${path} ${status}`
    // A path that is none, or a method that it does not have, is answered outside of the document.
    if (operation === undefined) return response
    const key = status in operation.responses ? status : 'default'
    const { content } = operation.responses[key] ?? {}
    if (operation.responses[key] === undefined) violations.push(`${place} is not documented`)
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    if (content === undefined || type === '') return response
    if (!(type in content)) violations.push(`${place} answers with ${type}, which is not documented`)
    if (type === 'text/event-stream') return withBody(response, toEventChecker(checkEvent))
    const pointer = [
      'paths',
      operation.path,
      method.toLowerCase(),
      'responses',
      key,
      'content',
      type,
      'schema',
    ]
    if (type in content && type.endsWith('json')) check(pointer, await response.clone().json(), place)
    return response
  }

  return {
    document,
    operations,
    violations,
    async fetch(input, init) {
      const request = new Request(input, init)
      return checkAnswer(request.method, new URL(request.url).pathname, await fetch(input, init))
    },
  }
}

/** The operation that answers a path, the most literal template first. */
function findOperation(
  operations: readonly Operation[],
  method: string,
  path: string,
): Operation | undefined {
  return operations
    .filter((operation) => operation.method === method)
    .find((operation) => new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
}

function withBody(response: Response, transform: TransformStream<Uint8Array, Uint8Array>): Response {
  const { status, headers } = response
  return new Response(response.body?.pipeThrough(transform) ?? null, { status, headers })
}
