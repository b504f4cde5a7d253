import { createClient } from '../../src/client/create-client.ts'

/** What the wire says, for tests of statuses and headers that the client hides. */
export type RawAnswer = { status: number; headers: Headers; body: Record<string, unknown> }

/** Sends one request as the token's owner and reads its JSON. */
export type RawClient = (path: string, body?: unknown) => Promise<RawAnswer>

/** A guest with both forms of client. */
export async function loginBoth(url: string) {
  const { token } = await createClient({ url }).loginAsGuest()
  const raw: RawClient = async (path, body) => {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  }
  return { token, raw, client: createClient({ url, token }) }
}
