import { createMiddleware } from 'hono/factory'

import { AppError } from '../contracts/errors.ts'
import type { ApiEnv } from './api-env.ts'

/**
 * Refuses bodies of more than `maxBytes` with `payload_too_large`: by their declared length, or while a body
 * without one is read. What is left of such a body stays readable, so that it can be read out.
 */
export function limitBody(maxBytes: number) {
  return createMiddleware<ApiEnv>(async (context, next) => {
    const { raw } = context.req
    const isChunked = raw.headers.has('transfer-encoding')
    if (isChunked && raw.body !== null)
      context.req.raw = new Request(raw, { method: raw.method, body: await readUpTo(raw.body, maxBytes) })
    else if (Number(raw.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
    await next()
  })
}

async function readUpTo(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  const reader = body.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      sizeBytes += read.value.length
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
      pieces.push(read.value)
    }
  } finally {
    reader.releaseLock()
  }
  return Buffer.concat(pieces)
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('payload_too_large', `A body may have ${maxBytes} bytes here. Send less.`)
}
