import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

import { AppError, type ErrorCode, errorStatus } from '../contracts/errors.ts'
import type { ApiEnv } from './api-env.ts'
import { notJson } from './request-middleware.ts'

/** What is wrong with one field of a body; `code` where programs tell faults apart. */
export type FieldError = { path: string; message: string; code?: string }

/** An error that names each field that is wrong. */
export function fieldProblem(code: ErrorCode, errors: readonly FieldError[]): AppError {
  const shown = errors.slice(0, faultsShown)
  const detail = shown.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  return new AppError(code, detail, { details: { errors: shown } })
}

const faultsShown = 50

/** Answers with an RFC 9457 problem document. */
export function toProblem(context: Context<ApiEnv>, error: AppError): Response {
  const status = statusOf(error.code)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1_000))
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer'
  const problem = {
    type: `https://perdura.dev/errors/${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status,
    detail: error.message,
    code: error.code,
    requestId: context.get('requestId'),
    ...error.details,
  }
  return context.body(JSON.stringify(problem), status, headers)
}

/** Turns whatever a route threw into an error of ours; a fault of the program says nothing about itself. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof HTTPException && error.status === 400) {
    return new AppError('invalid_json', 'The body is not valid JSON. Send one JSON object.')
  }
  if (error instanceof HTTPException && error.status === 415) return notJson()
  return new AppError('internal', 'Something failed on the server. It was logged with this request id.', {
    cause: error,
  })
}

function statusOf(code: ErrorCode): ContentfulStatusCode {
  return errorStatus[code]
}
