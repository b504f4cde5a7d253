import { readLastTurn } from './chat-request.ts'
import type { ChatRequest } from './chat-request.ts'
import type { ScriptedReply } from './scripted-reply.ts'

const callTheTime: ScriptedReply = {
  parts: [
    {
      type: 'toolCalls',
      calls: [0, 1, 2].map((index) => ({ id: `call_${index}`, name: 'time_now', arguments: {} })),
    },
  ],
}

const fortyTokens: ScriptedReply = {
  parts: [{ type: 'text', text: Array.from({ length: 40 }, (_, index) => `token${index}`).join(' ') }],
}

/** The bench's turn, without any delay: three parallel `time_now` calls, then 40 tokens of text. */
export function toBenchReply(request: ChatRequest): ScriptedReply {
  return readLastTurn(request).since.some(({ role }) => role === 'tool') ? fortyTokens : callTheTime
}
