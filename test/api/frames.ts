import { vi } from 'vitest'

/** One frame of a stream as it came: its lines, comments left out. */
export type Frame = { lines: string[]; id: string | undefined; data: unknown }

/** An open stream of server-sent events, read by hand to see what is really sent. */
export type Frames = AsyncDisposable & {
  headers: Headers
  /** The next frames; resolves when so many have come. */
  take(count: number): Promise<Frame[]>
}

/** Opens a stream. A refusal for want of room is repeated: a closed stream's place is free a moment later. */
export async function openFrames(
  fetch: typeof globalThis.fetch,
  url: string,
  headers: Record<string, string>,
): Promise<Frames> {
  const controller = new AbortController()
  const response = await vi.waitFor(async () => {
    const answer = await fetch(url, { headers, signal: controller.signal })
    if (!answer.ok) throw new Error(`The stream was refused with ${answer.status}: ${await answer.text()}`)
    return answer
  }, 5_000)
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let text = ''
  const frames: Frame[] = []

  function parse(): void {
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => !line.startsWith(':') && !line.startsWith('retry:'))
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      if (lines.length > 0) frames.push({ lines, id: field('id'), data: JSON.parse(field('data') ?? 'null') })
    }
  }

  return {
    headers: response.headers,
    async take(count) {
      while (frames.length < count) {
        const { done, value } = await reader.read()
        if (done) throw new Error(`The stream ended after ${frames.length} of ${count} frames.`)
        text += decoder.decode(value, { stream: true })
        parse()
      }
      return frames.splice(0, count)
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel().catch(() => {})
      controller.abort()
    },
  }
}
