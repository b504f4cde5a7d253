import { conversationCalls } from './calls/conversation-calls.ts'
import { deploymentCalls } from './calls/deployment-calls.ts'
import { memoryCalls } from './calls/memory-calls.ts'
import { messageCalls } from './calls/message-calls.ts'
import { operatorCalls } from './calls/operator-calls.ts'
import { ownerCalls } from './calls/owner-calls.ts'
import { requestCalls } from './calls/request-calls.ts'
import { usageCalls } from './calls/usage-calls.ts'
import type { Transport } from './send-request.ts'

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
    ...memoryCalls(transport),
    ...usageCalls(transport),
    ...deploymentCalls(transport),
    ...operatorCalls(transport),
  }
}
