import type { Owner } from '../../contracts/conversation.ts'
import type * as answers from '../api-answers.ts'
import { requestDone, requestJson, type Transport } from '../send-request.ts'

/** Who the client acts for. */
export function ownerCalls(transport: Transport) {
  return {
    /** Makes a new guest owner; pass its token to another `createClient`. */
    loginAsGuest: () => requestJson<answers.Login>(transport, { method: 'POST', path: '/api/auth/guest' }),
    getOwner: () => requestJson<Owner>(transport, { path: '/api/auth/me' }),
    logout: () => requestDone(transport, { method: 'POST', path: '/api/auth/logout' }),
  }
}
