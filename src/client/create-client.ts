import type { Conversation, Owner } from '../contracts/conversation.ts'
import type { Snapshot, StreamEvent } from '../contracts/event.ts'
import type { AnsweredRequest } from '../contracts/human-request.ts'
import type * as answers from './api-answers.ts'
import { followEvents, type FollowOptions } from './follow-events.ts'
import { requestDone, requestJson, type Transport } from './send-request.ts'

export type ClientOptions = {
  /** Where the server listens, such as `http://localhost:4040`. */
  url: string
  /** Without one, only `loginAsGuest` works. */
  token?: string
  fetch?: typeof fetch
}

/**
 * The native API as functions. Each rejects with `ProblemError` when the server refuses and with
 * `UnreachableError` when it does not answer.
 */
export type Client = ReturnType<typeof createClient>

/** Makes a client for one server and one owner; it opens nothing and needs no closing. */
export function createClient({ url, token, fetch = globalThis.fetch }: ClientOptions) {
  const transport: Transport = { url: url.replace(/\/+$/, ''), ...(token !== undefined && { token }), fetch }
  return {
    url: transport.url,
    ...ownerCalls(transport),
    ...conversationCalls(transport),
    ...messageCalls(transport),
    ...requestCalls(transport),
    ...deploymentCalls(transport),
  }
}

function ownerCalls(transport: Transport) {
  return {
    /** Makes a new guest owner; pass its token to another `createClient`. */
    loginAsGuest: () => requestJson<answers.Login>(transport, { method: 'POST', path: '/api/auth/guest' }),
    getOwner: () => requestJson<Owner>(transport, { path: '/api/auth/me' }),
    logout: () => requestDone(transport, { method: 'POST', path: '/api/auth/logout' }),
  }
}

function conversationCalls(transport: Transport) {
  return {
    /** With an idempotency key a repeat within 24 hours returns the same conversation. */
    createConversation: (fields: answers.ConversationFields = {}, idempotencyKey?: string) =>
      requestJson<Conversation>(transport, {
        method: 'POST',
        path: '/api/conversations',
        body: fields,
        ...(idempotencyKey !== undefined && { headers: { 'idempotency-key': idempotencyKey } }),
      }),
    listConversations: (query: answers.ConversationQuery = {}) =>
      requestJson<answers.ConversationPage>(transport, { path: '/api/conversations', query }),
    getConversation: (id: string) => requestJson<Snapshot>(transport, { path: pathOf(id) }),
    updateConversation: (id: string, changes: answers.ConversationChanges) =>
      requestJson<Conversation>(transport, { method: 'PATCH', path: pathOf(id), body: changes }),
    /** Deletes its content too. */
    deleteConversation: (id: string) => requestDone(transport, { method: 'DELETE', path: pathOf(id) }),
    /** Begins the workflow of a stalled conversation anew: its turn ends, what waits is answered. */
    resetConversation: (id: string) =>
      requestDone(transport, { method: 'POST', path: `${pathOf(id)}/reset`, body: {} }),
  }
}

function messageCalls(transport: Transport) {
  return {
    /** When it resolves, the message survives every crash. With a `clientMessageId` it may be repeated. */
    postMessage: (id: string, message: answers.NewMessage) =>
      requestJson<answers.PostedMessage>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/messages`,
        body: message,
      }),
    /** Changes the text of a message that waits; refused with `message_started` once it does not. */
    editMessage: (id: string, messageId: string, text: string) =>
      requestJson<answers.EditedMessage>(transport, {
        method: 'PATCH',
        path: `${pathOf(id)}/messages/${encodeURIComponent(messageId)}`,
        body: { text },
      }),
    /** Takes back a message that waits; refused with `message_started` once it does not. */
    withdrawMessage: (id: string, messageId: string) =>
      requestDone(transport, {
        method: 'DELETE',
        path: `${pathOf(id)}/messages/${encodeURIComponent(messageId)}`,
      }),
    /**
     * Stops the running turn, or the named one if it runs. Resolves when the wish is durable, which is before
     * the turn ends, with the turn that is being stopped.
     */
    cancelTurn: (id: string, turnId?: string) =>
      requestJson<{ turnId: string | null }>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/cancel`,
        body: turnId === undefined ? {} : { turnId },
      }),
    getProgress: (id: string) => requestJson<answers.Progress>(transport, { path: `${pathOf(id)}/progress` }),
    listEvents: (id: string, after = 0) =>
      requestJson<answers.EventPage>(transport, {
        path: `${pathOf(id)}/events`,
        query: { after },
        headers: { accept: 'application/json' },
      }),
    /** Each event once, in order, over any number of connections; see `followEvents`. */
    followEvents: (id: string, options?: FollowOptions): AsyncGenerator<StreamEvent> =>
      followEvents(transport, `${pathOf(id)}/events`, options),
  }
}

function requestCalls(transport: Transport) {
  return {
    /** What people are asked for, in all conversations of the owner or in one; by default the open ones. */
    listRequests: ({ open = true, ...query }: answers.RequestQuery = {}) =>
      requestJson<answers.RequestList>(transport, { path: '/api/requests', query: { open, ...query } }),
    /**
     * Answers an open request, once. Refused with `request_resolved` (see `outcome`), `request_expired` or
     * `invalid_answers` (see `errors`); after `no_worker` the same answer may be repeated.
     */
    answerRequest: (requestId: string, answer: answers.RequestAnswer) =>
      requestJson<AnsweredRequest>(transport, {
        method: 'POST',
        path: `/api/requests/${encodeURIComponent(requestId)}/response`,
        body: answer,
      }),
    /** The owner's standing permissions. */
    listGrants: () => requestJson<answers.GrantList>(transport, { path: '/api/grants' }),
    revokeGrant: (id: string) =>
      requestDone(transport, { method: 'DELETE', path: `/api/grants/${encodeURIComponent(id)}` }),
  }
}

function deploymentCalls(transport: Transport) {
  return {
    listModels: () => requestJson<{ models: answers.ModelEntry[] }>(transport, { path: '/api/models' }),
    listTools: () => requestJson<{ tools: answers.ToolEntry[] }>(transport, { path: '/api/tools' }),
    listChains: () => requestJson<{ chains: answers.ChainEntry[] }>(transport, { path: '/api/chains' }),
  }
}

function pathOf(conversationId: string): string {
  return `/api/conversations/${encodeURIComponent(conversationId)}`
}
