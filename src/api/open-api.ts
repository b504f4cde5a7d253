import { OpenAPIHono, z } from '@hono/zod-openapi'

import { AppError, type ErrorCode } from '../contracts/errors.ts'
import { problemSchema } from '../schemas/problem.ts'
import { storable } from '../schemas/storable.ts'
import type { ApiEnv } from './api-env.ts'
import { type FieldError, fieldProblem, toProblem } from './problem.ts'

/** A router whose validation errors are problem documents that name each field, under a code for bodies. */
export function createRouter(bodyCode: ErrorCode = 'invalid_request'): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook(result, context) {
      if (result.success) return undefined
      if (result.target === 'param') return toProblem(context, new AppError('not_found', noSuchId))
      const code = result.target === 'json' ? bodyCode : 'invalid_request'
      const errors = result.error.issues.slice(0, faultsShown).flatMap(toFieldErrors)
      return toProblem(context, fieldProblem(code, errors.slice(0, faultsShown)))
    },
  })
}

/** A file may be wrong in ten thousand places. */
const faultsShown = 20

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const { path, message } = issue
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'There is no such field.' }))
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return toFormErrors(issue)
  return [{ path: path.join('.'), message }]
}

/** Of a body with several forms: what is wrong with the form that it comes nearest to. */
function toFormErrors({ path, errors }: z.core.$ZodIssueInvalidUnion): FieldError[] {
  const [nearest = []] = errors.toSorted((one, other) => one.length - other.length)
  return nearest.flatMap((issue) => toFieldErrors({ ...issue, path: [...path, ...issue.path] }))
}

const noSuchId = 'No id looks like this. List yours with GET /api/conversations.'

/** The id in a path. One that cannot be an id names nothing. */
export const idParams = z.object({ id: storable(200) })

/** Of a request that makes something: repeated with the same key, it makes nothing more. */
export const idempotencyHeaders = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() })

/** A JSON answer in an OpenAPI route. */
export function json<Schema>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A required JSON body in an OpenAPI route. */
export function jsonBody<Schema>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

const problem = { 'application/problem+json': { schema: problemSchema } }

/** Problem answers by status, for the document. */
export function problems<const Status extends number>(...statuses: Status[]) {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: 'Problem document.', content: problem }]),
  ) as Record<Status, { description: string; content: typeof problem }>
}

const otherProblem = {
  description: 'Any other problem, such as 421, 429, 500 or 503.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** Adds to each operation what any of them may answer: a wrong host, a server that stops, a fault of ours. */
export function withOtherProblems<Document extends { paths?: object }>(document: Document): Document {
  for (const methods of Object.values(document.paths ?? {}))
    for (const operation of Object.values<{ responses: object }>(methods))
      operation.responses = { ...operation.responses, default: otherProblem }
  return document
}

export const bearer = [{ bearer: [] }]
