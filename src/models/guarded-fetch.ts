import { guardBody } from './guarded-body.ts'
import type { BodyGuard } from './guarded-body.ts'

const errorBodyLimitBytes = 16 * 1024
const errorBodyTimeoutMs = 2_000

/** `fetch` for model services: event streams are watched, bodies of errors are cut in size and time. */
export function createGuardedFetch(guard: BodyGuard): typeof fetch {
  return async (input, init) => {
    // A redirect would carry the prompt to an address that nobody configured.
    const response = await fetch(input, { ...init, redirect: 'manual' })
    if (!response.body) return response
    const body = response.ok ? guardBody(response.body, guard) : await readBeginning(response.body)
    return new Response(body, { status: response.status, headers: response.headers })
  }
}

async function readBeginning(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), errorBodyTimeoutMs)
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  try {
    while (sizeBytes < errorBodyLimitBytes) {
      const { done, value } = await reader.read()
      if (done) break
      pieces.push(value)
      sizeBytes += value.length
    }
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
  return new Uint8Array(Buffer.concat(pieces).subarray(0, errorBodyLimitBytes))
}
