import type { Client } from '../client/create-client.ts'
import type { ConversationState } from '../contracts/conversation.ts'
import type { Server } from './find-server.ts'
import type { RunPart } from './run-file.ts'

export type Health = { reachable: boolean; ready: boolean; detail?: string }

/** What `perdura status --json` prints. */
export type Status = {
  url: string
  health: Health
  temporalUiUrl?: string
  parts: (RunPart & { alive: boolean })[]
  /** Of this user; absent when no token is kept or the server is not ready. */
  conversations?: Partial<Record<ConversationState, number>>
}

/** How long a part may think about whether it is well, in milliseconds. */
const patienceMs = 5_000
/** Pages of conversations that are counted. */
const pageLimit = 40

/** Asks the running parts how they are. `client` counts the conversations. */
export async function readStatus(server: Server, client: Client | undefined): Promise<Status> {
  const health = await readHealth(server.url)
  const counted =
    health.reachable && client ? await countConversations(client).catch(() => undefined) : undefined
  const { run } = server
  return {
    url: server.url,
    health,
    ...(run?.temporalUiUrl !== undefined && { temporalUiUrl: run.temporalUiUrl }),
    parts: (run?.parts ?? []).map((part) => ({ ...part, alive: isAlive(part.pid) })),
    ...(counted && { conversations: counted }),
  }
}

async function readHealth(url: string): Promise<Health> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(patienceMs) })
    const text = await response.text()
    return { reachable: true, ready: response.ok, ...(!response.ok && { detail: detailOf(text) }) }
  } catch {
    return { reachable: false, ready: false }
  }
}

/** The reason, whether the server gives a problem document or a list of checks. */
function detailOf(text: string): string {
  try {
    const body = JSON.parse(text) as { detail?: unknown }
    return typeof body.detail === 'string' ? body.detail : JSON.stringify(body)
  } catch {
    return text.slice(0, 200)
  }
}

async function countConversations(client: Client): Promise<Partial<Record<ConversationState, number>>> {
  const counts: Partial<Record<ConversationState, number>> = {}
  let cursor: string | undefined
  for (let page = 0; page < pageLimit; page++) {
    const { conversations, nextCursor } = await client.listConversations(
      cursor === undefined ? {} : { cursor },
    )
    for (const { state } of conversations) counts[state] = (counts[state] ?? 0) + 1
    if (!nextCursor) break
    cursor = nextCursor
  }
  return counts
}

/** A process of another user cannot be signalled, but it lives. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
