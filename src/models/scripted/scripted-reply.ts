/** The form of a scripted reply: what the scripted model sends for one request. */
import { z } from 'zod'

const text = z.strictObject({
  type: z.literal('text'),
  text: z.string(),
  /** Sends the text this many times, each as one piece. Left out, the text is sent word by word. */
  times: z.int().positive().optional(),
  /** Characters of each piece, instead of words. */
  pieceLength: z.int().positive().optional(),
  /** Pause after each piece, for people who watch. */
  paceMs: z.int().nonnegative().optional(),
})

const reasoning = z.strictObject({
  type: z.literal('reasoning'),
  text: z.string(),
  /** Which of the ways that services have; `think` is a tag inside the text. */
  field: z.enum(['reasoning_content', 'reasoning', 'think']).optional(),
  pieceLength: z.int().positive().optional(),
  paceMs: z.int().nonnegative().optional(),
})

const call = z.strictObject({
  /** May repeat; null sends none. Left out, it is made from the position. */
  id: z.string().nullable().optional(),
  name: z.string(),
  /** A string is sent as it is, valid JSON or not. */
  arguments: z.union([z.string(), z.record(z.string(), z.unknown())]),
  /** Null sends none. Left out, it is the position. */
  index: z.int().nullable().optional(),
})

const toolCalls = z.strictObject({
  type: z.literal('toolCalls'),
  calls: z.array(call),
  /** Characters of each piece of the arguments; left out, they come whole. */
  pieceLength: z.int().positive().optional(),
})

/** Waits until a test opens the gate of that name. */
const gate = z.strictObject({ type: z.literal('gate'), name: z.string() })

/** Bytes of the event stream, as they are. */
const raw = z.strictObject({ type: z.literal('raw'), text: z.string() })

/**
 * `cut` breaks the connection, `silence` sends nothing more, `garbage` sends bytes for ever, `badJson` sends
 * a chunk that is not JSON, `error` an error object in the stream. Nothing after it is sent.
 */
const fault = z.strictObject({
  type: z.literal('fault'),
  fault: z.enum(['cut', 'silence', 'garbage', 'badJson', 'error']),
})

const usage = z.strictObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  prompt_tokens_details: z.strictObject({ cached_tokens: z.int() }).optional(),
})

/** Schema of one reply. */
const scriptedReply = z.strictObject({
  /** Anything but 200 is answered at once, with `body`. */
  status: z.int().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** A whole body instead of an event stream. */
  body: z.string().optional(),
  parts: z.array(z.discriminatedUnion('type', [text, reasoning, toolCalls, gate, raw, fault])).optional(),
  /** Left out: `tool_calls` when there are calls, else `stop`. `missing` ends the stream without one. */
  finish: z.enum(['stop', 'tool_calls', 'length', 'content_filter', 'missing']).optional(),
  /** Left out: an estimate. Null sends none. */
  usage: usage.nullable().optional(),
  /** Answers all later requests too. */
  repeat: z.boolean().optional(),
})

/** Schema of what `POST /script` takes: the replies to the requests with one key, in order. */
export const script = z.strictObject({ key: z.string().min(1), replies: z.array(scriptedReply) })

export type ScriptedReply = z.infer<typeof scriptedReply>
export type ReplyPart = NonNullable<ScriptedReply['parts']>[number]
export type ScriptedCall = z.infer<typeof call>
export type ScriptedUsage = z.infer<typeof usage>
