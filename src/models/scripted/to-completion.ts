import type { FrameOptions } from './reply-frames.ts'
import type { ScriptedReply } from './scripted-reply.ts'

/** Writes a reply as a whole Chat Completions answer, for clients that do not stream. Waits and faults are left out. */
export function toCompletion(
  reply: ScriptedReply,
  { id, model, usage }: FrameOptions,
): Record<string, unknown> {
  const parts = reply.parts ?? []
  const content = parts
    .map((part) => (part.type === 'text' ? part.text.repeat(part.times ?? 1) : ''))
    .join('')
  const thoughts = parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
  const calls = parts.flatMap((part) => (part.type === 'toolCalls' ? part.calls : []))
  const toolCalls = calls.map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: {
      name: call.name,
      arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
    },
  }))
  const message = {
    role: 'assistant',
    content,
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(calls.length === 0 ? {} : { tool_calls: toolCalls }),
  }
  const finish = reply.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop')
  const choice = { index: 0, message, finish_reason: finish === 'missing' ? null : finish }
  return { id, object: 'chat.completion', created: 0, model, choices: [choice], usage: reply.usage ?? usage }
}
