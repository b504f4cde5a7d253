import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'

import type { Dialect } from './dialect.ts'
import type { ModelMessage, ModelRequest, ModelToolCall } from './model-provider.ts'
import { withWireCallIds } from './wire-call-ids.ts'

/**
 * First line of a fact that the runtime tells the model in the middle of a conversation. It goes in the
 * user's role: many services allow a system message at the beginning only.
 */
export const noteHeading = '[Note from the system, not written by the user]'

/** Writes a request as the body of a streaming Chat Completions call. */
export function toChatBody(request: ModelRequest, dialect: Dialect): ChatCompletionCreateParamsStreaming {
  const messages = withWireCallIds(request.messages, dialect.callIds).flatMap((message, index, all) => [
    ...(needsBridge(message, all[index - 1], dialect) ? [bridge] : []),
    toWireMessage(message, dialect),
  ])
  return {
    model: request.model,
    messages: request.system === '' ? messages : [{ role: 'system', content: request.system }, ...messages],
    stream: true,
    ...(dialect.streamOptions ? { stream_options: { include_usage: true } } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.reasoningEffort === undefined ? {} : { reasoning_effort: request.reasoningEffort }),
    ...(request.maxOutputTokens === undefined ? {} : { [dialect.outputLimitField]: request.maxOutputTokens }),
    // An empty list is refused by OpenAI.
    ...(request.tools.length === 0
      ? {}
      : { tools: request.tools.map((tool) => ({ type: 'function', function: tool })) }),
  }
}

/** What an assistant is taken to have said where a service wants to hear it before a user speaks again. */
const bridge: ChatCompletionMessageParam = { role: 'assistant', content: 'I have read the results.' }

function needsBridge(
  { role }: ModelMessage,
  before: ModelMessage | undefined,
  { userAfterTools }: Dialect,
): boolean {
  return !userAfterTools && before?.role === 'tool' && (role === 'user' || role === 'note')
}

function toWireMessage(message: ModelMessage, dialect: Dialect): ChatCompletionMessageParam {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text }
    case 'note':
      return { role: 'user', content: `${noteHeading}\n${message.text}` }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.text }
    case 'assistant':
      if (message.toolCalls.length === 0) return { role: 'assistant', content: message.text }
      return {
        role: 'assistant',
        content: message.text === '' ? null : message.text,
        tool_calls: message.toolCalls.map((call) => toWireCall(call, dialect)),
      }
  }
}

function toWireCall(call: ModelToolCall, dialect: Dialect) {
  // Documented by Google for calls whose signature is not known; without one Gemini 3 answers 400.
  const signature = { extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } }
  return {
    id: call.id,
    type: 'function' as const,
    function: {
      name: toWireName(call.name),
      arguments: isJsonObject(call.arguments) ? call.arguments : '{}',
    },
    ...(dialect.thoughtSignature ? signature : {}),
  }
}

// A model may ask for a tool by a name that no service takes back; its result says that there is no such tool.
function toWireName(name: string): string {
  return name.replaceAll(/[^\w-]/g, '_').slice(0, 64) || 'unnamed'
}

// Servers that render the history through a template fail on arguments that are not JSON. The model learns
// what was wrong from the tool's result.
function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
