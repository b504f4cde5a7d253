import type { StreamEvent } from '../../contracts/event.ts'
import type { ResultPart } from '../../contracts/result.ts'
import type * as answers from '../api-answers.ts'
import { followEvents, type FollowOptions } from '../follow-events.ts'
import { requestDone, requestJson, type Transport } from '../send-request.ts'
import { pathOf } from './path-of.ts'

/** What is said in one conversation, and what happens in it. */
export function messageCalls(transport: Transport) {
  const pathOfMessage = (id: string, messageId: string) =>
    `${pathOf(id)}/messages/${encodeURIComponent(messageId)}`
  return {
    /** When it resolves, the message survives every crash. With a `clientMessageId` it may be repeated. */
    postMessage: (id: string, message: answers.NewMessage) =>
      requestJson<answers.PostedMessage>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/messages`,
        body: message,
      }),
    /** A page of messages, oldest first: the latest ones, or those before a cursor of a page or a snapshot. */
    listMessages: (id: string, query: answers.MessageQuery = {}) =>
      requestJson<answers.MessagePage>(transport, { path: `${pathOf(id)}/messages`, query }),
    /** Changes the text of a message that waits; refused with `message_started` once it does not. */
    editMessage: (id: string, messageId: string, text: string) =>
      requestJson<answers.EditedMessage>(transport, {
        method: 'PATCH',
        path: pathOfMessage(id, messageId),
        body: { text },
      }),
    /** Takes back a message that waits; refused with `message_started` once it does not. */
    withdrawMessage: (id: string, messageId: string) =>
      requestDone(transport, { method: 'DELETE', path: pathOfMessage(id, messageId) }),
    /**
     * Answers a user's message anew, with another text or by another model if they are given. What followed it is
     * no part of the conversation any more, and stays readable as a branch.
     */
    regenerate: (id: string, wish: answers.RegenerateWish) =>
      requestJson<{ messageId: string }>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/regenerate`,
        body: wish,
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
    /** Stops a background call. Resolves when the wish is durable, with the call that is being stopped, if it runs. */
    cancelCall: (id: string, callId: string) =>
      requestJson<{ callId?: string }>(transport, {
        method: 'POST',
        path: `${pathOf(id)}/cancel`,
        body: { callId },
      }),
    getProgress: (id: string) => requestJson<answers.Progress>(transport, { path: `${pathOf(id)}/progress` }),
    /** Part of the whole result of a call; offset and limit count characters. */
    readResult: (id: string, callId: string, query: { offset?: number; limit?: number } = {}) =>
      requestJson<ResultPart>(transport, {
        path: `${pathOf(id)}/results/${encodeURIComponent(callId)}`,
        query,
      }),
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
