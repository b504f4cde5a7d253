import type { AppError } from '../contracts/errors.ts'
import { readRetryAfterMs } from './retry-after.ts'

export type FetchBounds = {
  timeoutMs: number
  responseSizeLimitBytes: number
  signal: AbortSignal
  errors: {
    /** The service wants to be left alone for now. */
    refused(status: number, retryAfterMs: number | undefined): AppError
    tooLarge(limitBytes: number): AppError
  }
}

/** A `fetch` that never follows a redirect, never waits longer than told and never reads more than told. */
export function createBoundedFetch(bounds: FetchBounds) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    // The limit covers the body too: a server that drips bytes would otherwise hold the call for ever.
    const signal = AbortSignal.any([bounds.signal, AbortSignal.timeout(bounds.timeoutMs)])
    const response = await fetch(input, { ...init, redirect: 'error', signal })
    const retryAfterMs = readRetryAfterMs(response.headers, Date.now())
    if (response.status === 429 || (response.status === 503 && retryAfterMs !== undefined)) {
      // Nothing waits for the body of a refusal.
      void response.body?.cancel().catch(() => {})
      throw bounds.errors.refused(response.status, retryAfterMs)
    }
    const body = await readBody(response, bounds)
    return new Response(body.byteLength > 0 ? body : null, {
      status: response.status,
      headers: contentType(response),
    })
  }
}

async function readBody(
  response: Response,
  { responseSizeLimitBytes, errors }: FetchBounds,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > responseSizeLimitBytes) throw errors.tooLarge(responseSizeLimitBytes)
    chunks.push(chunk)
  }
  const body = new Uint8Array(sizeBytes)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}

function contentType(response: Response): Record<string, string> {
  const type = response.headers.get('content-type')
  return type ? { 'content-type': type } : {}
}
