import type { Memory } from '../../contracts/memory.ts'
import { requestDone, requestJson, type Transport } from '../send-request.ts'

/** What the owner's conversations know of each other. */
export function memoryCalls(transport: Transport) {
  const pathOfEntry = (conversationId: string) => `/api/memory/${encodeURIComponent(conversationId)}`
  return {
    getMemory: () => requestJson<Memory>(transport, { path: '/api/memory' }),
    /** Whether new conversations take part unless they say otherwise. */
    setMemoryEnabled: (enabled: boolean) =>
      requestDone(transport, { method: 'PATCH', path: '/api/memory', body: { enabled } }),
    /** Writes what is remembered of a conversation; these words stay. */
    editMemory: (conversationId: string, text: string) =>
      requestDone(transport, { method: 'PATCH', path: pathOfEntry(conversationId), body: { text } }),
    /** Forgets one conversation for good. Repeating it changes nothing. */
    forgetMemory: (conversationId: string) =>
      requestDone(transport, { method: 'DELETE', path: pathOfEntry(conversationId) }),
    /** Forgets all conversations that there are now. */
    forgetAllMemory: () => requestDone(transport, { method: 'DELETE', path: '/api/memory' }),
  }
}
