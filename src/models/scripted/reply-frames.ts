import type { ReplyPart, ScriptedCall, ScriptedReply, ScriptedUsage } from './scripted-reply.ts'

type FaultName = Extract<ReplyPart, { type: 'fault' }>['fault']

/** One thing to do while a reply is sent: bytes of the stream, or something to wait for. */
export type ReplyFrame =
  | { type: 'bytes'; text: string }
  | { type: 'pause'; ms: number }
  | { type: 'gate'; name: string }
  | { type: 'fault'; fault: Exclude<FaultName, 'badJson' | 'error'> }

export type FrameOptions = { id: string; model: string; includeUsage: boolean; usage: ScriptedUsage }

/** Writes a reply as the frames of a Chat Completions event stream. */
export function toFrames(reply: ScriptedReply, options: FrameOptions): ReplyFrame[] {
  const parts = reply.parts ?? []
  const chunk = createChunkWriter(options)
  const frames = [chunk({ role: 'assistant' }), ...parts.flatMap((part) => toPartFrames(part, chunk))]
  const broken = parts.some((part) => part.type === 'fault')
  const finish = reply.finish ?? (parts.some((part) => part.type === 'toolCalls') ? 'tool_calls' : 'stop')
  if (broken || finish === 'missing') return frames
  frames.push(chunk({}, finish))
  const usage = reply.usage === undefined ? options.usage : reply.usage
  if (usage && options.includeUsage) frames.push(event({ ...envelope(options), choices: [], usage }))
  return [...frames, bytes('data: [DONE]\n\n')]
}

type ChunkWriter = (delta: Record<string, unknown>, finish?: string) => ReplyFrame

function toPartFrames(part: ReplyPart, chunk: ChunkWriter): ReplyFrame[] {
  switch (part.type) {
    case 'text':
      return paced(toPieces(part), part.paceMs).map((piece) =>
        toFrame(piece, (text) => chunk({ content: text })),
      )
    case 'reasoning': {
      const field = part.field ?? 'reasoning_content'
      const tagged = field === 'think' ? { ...part, text: `<think>${part.text}</think>\n\n` } : part
      const key = field === 'think' ? 'content' : field
      return paced(toPieces(tagged), part.paceMs).map((piece) =>
        toFrame(piece, (text) => chunk({ [key]: text })),
      )
    }
    case 'toolCalls':
      return part.calls.flatMap((call, index) => toCallFrames(call, index, part.pieceLength, chunk))
    case 'gate':
      return [part]
    case 'raw':
      return [bytes(part.text)]
    case 'fault':
      return [toFaultFrame(part.fault)]
  }
}

function toCallFrames(
  call: ScriptedCall,
  position: number,
  pieceLength: number | undefined,
  chunk: ChunkWriter,
): ReplyFrame[] {
  const index = call.index === undefined ? position : call.index
  const id = call.id === undefined ? `call_${position}` : call.id
  const json = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)
  const [first = '', ...rest] = cut(json, pieceLength ?? Math.max(1, json.length))
  const place = index === null ? {} : { index }
  const begin = {
    ...place,
    ...(id === null ? {} : { id }),
    type: 'function',
    function: { name: call.name, arguments: first },
  }
  const more = rest.map((piece) => ({ ...place, function: { arguments: piece } }))
  return [begin, ...more].map((toolCall) => chunk({ tool_calls: [toolCall] }))
}

function toFaultFrame(fault: FaultName): ReplyFrame {
  if (fault === 'badJson') return bytes('data: {"choices": [{"delta": \n\n')
  if (fault === 'error')
    return event({
      error: { message: 'The scripted model fails on purpose.', type: 'server_error', code: 500 },
    })
  return { type: 'fault', fault }
}

function toPieces(part: {
  text: string
  times?: number | undefined
  pieceLength?: number | undefined
}): string[] {
  if (part.times) return Array<string>(part.times).fill(part.text)
  return part.pieceLength
    ? cut(part.text, part.pieceLength)
    : (part.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [part.text])
}

function cut(text: string, length: number): string[] {
  const count = Math.ceil(text.length / length)
  return Array.from({ length: count }, (_, index) => text.slice(index * length, (index + 1) * length))
}

function paced(pieces: string[], paceMs = 0): (string | number)[] {
  return paceMs === 0 ? pieces : pieces.flatMap((piece) => [piece, paceMs])
}

function toFrame(piece: string | number, write: (text: string) => ReplyFrame): ReplyFrame {
  return typeof piece === 'number' ? { type: 'pause', ms: piece } : write(piece)
}

function createChunkWriter(options: FrameOptions): ChunkWriter {
  const base = envelope(options)
  return (delta, finish) => event({ ...base, choices: [{ index: 0, delta, finish_reason: finish ?? null }] })
}

function envelope({ id, model }: FrameOptions): Record<string, unknown> {
  return { id, object: 'chat.completion.chunk', created: 0, model }
}

function event(value: unknown): ReplyFrame {
  return bytes(`data: ${JSON.stringify(value)}\n\n`)
}

function bytes(text: string): ReplyFrame {
  return { type: 'bytes', text }
}
