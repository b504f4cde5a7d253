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

const address = /0x[0-9a-fA-F]{40}/

/**
 * The bench's turn, without any delay: three parallel `time_now` calls, then 40 tokens of text. Asked to `[look
 * up 0x…]` it calls `account_info` instead; asked to `[quote]` it says the first address that it is given.
 */
export function toBenchReply(request: ChatRequest): ScriptedReply {
  const { text, since } = readLastTurn(request)
  if (text.includes('[quote]')) return quote(request)
  if (since.some(({ role }) => role === 'tool')) return fortyTokens
  const wanted = text.includes('[look up') ? address.exec(text)?.[0] : undefined
  return wanted === undefined ? callTheTime : lookUp(wanted)
}

function lookUp(wanted: string): ScriptedReply {
  const call = { id: 'call_0', name: 'account_info', arguments: { address: wanted } }
  return { parts: [{ type: 'toolCalls', calls: [call] }] }
}

/** The system text names the user's wallet: it is left out. */
function quote({ messages }: ChatRequest): ScriptedReply {
  const given = messages.filter(({ role }) => role !== 'system').map(({ content }) => content)
  return { parts: [{ type: 'text', text: address.exec(given.join('\n'))?.[0] ?? 'I was given no address.' }] }
}
