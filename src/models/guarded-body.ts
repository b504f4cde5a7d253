import { AppError } from '../contracts/errors.ts'

export type BodyGuard = {
  provider: string
  /** Longest pause between two pieces while somebody is reading. */
  idleTimeoutMs: number
}

// One chunk with a whole long answer fits; a body without line ends does not fill the memory.
const lineLimitBytes = 16 * 1024 * 1024
const newline = 0x0a

// First bytes of the lines of an event stream: data, event, id, retry, a comment, an empty line, a byte order mark.
const lineBeginnings = new Set([...Buffer.from('deir:\r\n'), 0xef])

/**
 * Watches the bytes of an event stream before they are parsed: silence is `model_silent`, anything that is
 * not an event stream `model_garbage`. Comments count as life: services send them while a model is thinking.
 * Reads only when it is read from, and the idle time runs only then.
 */
export function guardBody(body: ReadableStream<Uint8Array>, guard: BodyGuard): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const check = createLineCheck(guard.provider)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await readInTime(reader, guard)
          if (done) return controller.close()
          check(value)
          controller.enqueue(value)
        } catch (error) {
          reader.cancel().catch(() => undefined)
          throw error
        }
      },
      // Not awaited: the answer is complete, and the end of its connection must not hold it up.
      cancel: () => void drain(reader),
    },
    { highWaterMark: 0 },
  )
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

async function readInTime(reader: ReadableStreamDefaultReader<Uint8Array>, guard: BodyGuard): Promise<Read> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `Provider ${guard.provider} sent nothing for ${guard.idleTimeoutMs} ms. Try again.`
      reject(new AppError('model_silent', message))
    }, guard.idleTimeoutMs)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(timer)
  }
}

function createLineCheck(provider: string): (bytes: Uint8Array) => void {
  let length = 0
  return (bytes) => {
    for (let start = 0; start < bytes.length;) {
      const first = bytes[start]
      if (length === 0 && first !== undefined && !lineBeginnings.has(first)) throw garbage(provider)
      const end = bytes.indexOf(newline, start)
      length = end < 0 ? length + bytes.length - start : 0
      if (length > lineLimitBytes) throw garbage(provider)
      start = end < 0 ? bytes.length : end + 1
    }
  }
}

function garbage(provider: string): AppError {
  const message = `Provider ${provider} answered with something that is not an event stream. Check its base URL.`
  return new AppError('model_garbage', message)
}

/**
 * Reads the few bytes that follow `[DONE]`: a body that is read to its end leaves the connection open for the
 * next request, a cancelled one closes it. An aborted request ends here at once.
 */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), 250).unref()
  try {
    const { done } = await reader.read()
    if (!done) await reader.cancel()
  } catch {
    // The request was aborted or the connection is gone: nothing is left to read.
  } finally {
    clearTimeout(timer)
  }
}
