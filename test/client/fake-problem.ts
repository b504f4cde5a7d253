import type { Context } from 'hono'

type ProblemOptions = { headers?: Record<string, string>; outcome?: string; errors?: unknown }

/** Answers with a problem document. */
export function problem(
  c: Context,
  status: 401 | 404 | 409 | 410 | 422 | 503,
  code: string,
  { headers = {}, ...more }: ProblemOptions = {},
) {
  const detail = `The server says ${code}.`
  const body = { type: 'about:blank', title: code, status, detail, code, requestId: 'r1', ...more }
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json', ...headers })
}
