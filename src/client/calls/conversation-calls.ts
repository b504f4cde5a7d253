import type { Conversation } from '../../contracts/conversation.ts'
import type { Snapshot } from '../../contracts/event.ts'
import type * as answers from '../api-answers.ts'
import { requestDone, requestJson, requestText, type Transport } from '../send-request.ts'
import { pathOf } from './path-of.ts'

/** Conversations as a whole. */
export function conversationCalls(transport: Transport) {
  return {
    /** With an idempotency key a repeat within 24 hours returns the same conversation. */
    createConversation: (fields: answers.ConversationFields = {}, idempotencyKey?: string) =>
      requestJson<Conversation>(transport, {
        method: 'POST',
        path: '/api/conversations',
        body: fields,
        ...idempotent(idempotencyKey),
      }),
    /** The latest ones first; with `q` those that it is found in, each with its `match`. */
    listConversations: (query: answers.ConversationQuery = {}) =>
      requestJson<answers.ConversationPage>(transport, { path: '/api/conversations', query }),
    getConversation: (id: string) => requestJson<Snapshot>(transport, { path: pathOf(id) }),
    /** From the next turn on; null goes back to what the deployment has. */
    updateConversation: (id: string, changes: answers.ConversationChanges) =>
      requestJson<Conversation>(transport, { method: 'PATCH', path: pathOf(id), body: changes }),
    /** Deletes its content too. */
    deleteConversation: (id: string) => requestDone(transport, { method: 'DELETE', path: pathOf(id) }),
    /** Begins the workflow of a stalled conversation anew: its turn ends, what waits is answered. */
    resetConversation: (id: string) =>
      requestDone(transport, { method: 'POST', path: `${pathOf(id)}/reset`, body: {} }),
    /**
     * Makes a conversation of its own with everything up to a message, and with the rest of its turn when it is an
     * answer. With an idempotency key a repeat returns the same one; the same for `importConversation`.
     */
    forkConversation: (id: string, messageId: string, idempotencyKey?: string) =>
      requestJson<Conversation>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/fork`,
        body: { messageId },
        ...idempotent(idempotencyKey),
      }),
    /** The whole conversation as the text of a file: for people, or for `importConversation` once parsed. */
    exportConversation: (id: string, format: answers.ExportFormat = 'json') =>
      requestText(transport, { path: `${pathOf(id)}/export`, query: { format } }),
    /** Makes a new conversation of an exported one. */
    importConversation: (exported: unknown, idempotencyKey?: string) =>
      requestJson<Conversation>(transport, {
        method: 'POST',
        path: '/api/conversations/import',
        body: exported,
        ...idempotent(idempotencyKey),
      }),
    /** Has the older part summed up, in a turn of its own. Resolves when the wish is durable. */
    compactConversation: (id: string) =>
      requestDone(transport, { method: 'POST', path: `${pathOf(id)}/compact`, body: {} }),
    /** From now on the model is given nothing of what stands there; readers still have it. */
    clearContext: (id: string) =>
      requestDone(transport, { method: 'POST', path: `${pathOf(id)}/clear`, body: {} }),
  }
}

function idempotent(key: string | undefined): { headers?: Record<string, string> } {
  return key === undefined ? {} : { headers: { 'idempotency-key': key } }
}
