import { readProblem } from './problem-error.ts'
import { UnreachableError } from './unreachable-error.ts'

/** Where requests go and on whose behalf. */
export type Transport = {
  /** Without a trailing slash. */
  url: string
  token?: string
  fetch: typeof fetch
}

export type ClientRequest = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** How long an answer may take, in milliseconds; a stream has its own watchdog instead. */
const answerTimeoutMs = 30_000

/**
 * Sends a request and returns the answer if it is a success.
 * @throws ProblemError the server refused
 * @throws UnreachableError no answer came
 */
export async function sendRequest(transport: Transport, request: ClientRequest): Promise<Response> {
  const response = await fetchAnswer(transport, request)
  if (!response.ok) throw await readProblem(response)
  return response
}

/** Like `sendRequest`, within `answerTimeoutMs`; the caller names the shape that the contract promises. */
export async function requestJson<Answer>(transport: Transport, request: ClientRequest): Promise<Answer> {
  const response = await sendRequest(transport, withTimeout(request))
  try {
    return (await response.json()) as Answer
  } catch (error) {
    // Cut in the middle, or not from this product at all.
    throw new UnreachableError(transport.url, error)
  }
}

/** For answers that are a file. */
export async function requestText(transport: Transport, request: ClientRequest): Promise<string> {
  const response = await sendRequest(transport, withTimeout(request))
  try {
    return await response.text()
  } catch (error) {
    throw new UnreachableError(transport.url, error)
  }
}

/** For calls that are answered without a body, or whose body is of no interest. */
export async function requestDone(transport: Transport, request: ClientRequest): Promise<void> {
  const response = await sendRequest(transport, withTimeout(request))
  await response.body?.cancel()
}

function withTimeout(request: ClientRequest): ClientRequest {
  const timeout = AbortSignal.timeout(answerTimeoutMs)
  return { ...request, signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout }
}

async function fetchAnswer(transport: Transport, request: ClientRequest): Promise<Response> {
  const { method = 'GET', path, query = {}, body, headers, signal } = request
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const suffix = search.size > 0 ? `?${search.toString()}` : ''
  try {
    return await transport.fetch(`${transport.url}${path}${suffix}`, {
      method,
      headers: {
        ...(transport.token !== undefined && { authorization: `Bearer ${transport.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error
    throw new UnreachableError(transport.url, error)
  }
}
