import { AppError } from '../contracts/errors.ts'
import type { Slots } from './slots.ts'

export type FetchBounds = {
  timeoutMs: number
  responseSizeLimitBytes: number
  slots: Slots
  signal: AbortSignal
}

/** A `fetch` that never follows a redirect, never waits longer than told and never reads more than told. */
export function createBoundedFetch(bounds: FetchBounds) {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    return bounds.slots(bounds.signal, async () => {
      // The limit covers the body too: a server that drips bytes would otherwise hold the call for ever.
      const signal = AbortSignal.any([bounds.signal, AbortSignal.timeout(bounds.timeoutMs)])
      const response = await fetch(input, { ...init, redirect: 'error', signal })
      if (response.status === 429) throw rateLimited(response)
      const body = await readBody(response, bounds.responseSizeLimitBytes)
      return new Response(body.byteLength > 0 ? body : null, {
        status: response.status,
        headers: contentType(response),
      })
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

function rateLimited(response: Response): AppError {
  // Nothing waits for the body of a refusal.
  void response.body?.cancel().catch(() => {})
  const seconds = Number(response.headers.get('retry-after') ?? '')
  const known = Number.isFinite(seconds) && seconds > 0 && seconds <= 3600
  const wait = known ? { retryAfterMs: Math.ceil(seconds * 1000) } : {}
  return new AppError('chain_unavailable', 'The RPC refuses more requests for now (HTTP 429).', wait)
}
