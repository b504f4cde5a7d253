import { playFrames } from './play-frames.ts'
import type { Playing } from './play-frames.ts'
import { toFrames } from './reply-frames.ts'
import type { FrameOptions, ReplyFrame } from './reply-frames.ts'
import type { ScriptedReply } from './scripted-reply.ts'
import { toCompletion } from './to-completion.ts'

export type SendOptions = FrameOptions & Playing & { stream: boolean }

// The server looks ahead into a body to give it a length, unless the encoding is set; a stream must not wait.
const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'transfer-encoding': 'chunked',
}

const wholeBodyLimit = 64 * 1024

/** Answers one request with a scripted reply. */
export function sendReply(reply: ScriptedReply, options: SendOptions): Response {
  const { status = 200, body, headers = {} } = reply
  if (status !== 200 || body !== undefined) {
    options.onEnd('completed')
    const text =
      body ?? JSON.stringify({ error: { message: 'The scripted model fails on purpose.', type: 'scripted' } })
    return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } })
  }
  if (!options.stream) {
    options.onEnd('completed')
    return Response.json(toCompletion(reply, options), { headers })
  }
  return sendFrames(toFrames(reply, options), headers, options)
}

function sendFrames(frames: ReplyFrame[], headers: Record<string, string>, options: SendOptions): Response {
  const whole = toWholeBody(frames)
  if (whole === undefined) {
    const stream = playFrames(frames, options)
    return new Response(stream, { headers: { ...streamHeaders, ...headers } })
  }
  options.onEnd('completed')
  return new Response(whole, { headers: { 'content-type': 'text/event-stream', ...headers } })
}

/** A short reply with nothing to wait for goes out in one piece, so that a bench measures something else. */
function toWholeBody(frames: ReplyFrame[]): string | undefined {
  let text = ''
  for (const frame of frames) {
    if (frame.type !== 'bytes' || text.length > wholeBodyLimit) return undefined
    text += frame.text
  }
  return text
}
