import { AppError } from '../contracts/errors.ts'
import { readRetryAfterMs } from '../services/retry-after.ts'

export type FetchBounds = {
  timeoutMs: number
  responseSizeLimitBytes: number
  signal: AbortSignal
}

/** A `fetch` that never follows a redirect, never waits longer than told and never reads more than told. */
export function createBoundedFetch(bounds: FetchBounds) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    // The limit covers the body too: a server that drips bytes would otherwise hold the call for ever.
    const signal = AbortSignal.any([bounds.signal, AbortSignal.timeout(bounds.timeoutMs)])
    const response = await fetch(input, { ...init, redirect: 'error', signal })
    const retryAfterMs = readRetryAfterMs(response.headers, Date.now())
    if (response.status === 429 || (response.status === 503 && retryAfterMs !== undefined))
      throw refused(response, retryAfterMs)
    const body = await readBody(response, bounds.responseSizeLimitBytes)
    return new Response(body.byteLength > 0 ? body : null, {
      status: response.status,
      headers: contentType(response),
    })
  }
}

async function readBody(response: Response, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) {
      throw new AppError('chain_rejected', `The RPC answered with more than ${limitBytes} bytes.`)
    }
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

function refused({ status, body }: Response, retryAfterMs: number | undefined): AppError {
  // Nothing waits for the body of a refusal.
  void body?.cancel().catch(() => {})
  return new AppError('chain_unavailable', `The RPC takes no more requests for now (HTTP ${status}).`, {
    details: { status },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
